// Package unmask removes the mask from the frames of a client.
package unmask

// Unmasker removes the mask from the frames of one connection. The zero value is ready.
type Unmasker struct {
	key [4]byte
}

// Frame begins the next frame, with the masking key of its header.
func (u *Unmasker) Frame(key [4]byte) { u.key = key }

// Unmask removes the mask from the next piece of the frame's payload, in place. A piece is the
// result of one Read and may have any length.
func (u *Unmasker) Unmask(piece []byte) {
	for i := range piece {
		piece[i] ^= u.key[i%4]
	}
}
