// Package unmask takes the mask off the frames of a client.
package unmask

// Unmask XORs data with the key, in place, beginning with the key's byte pos. It returns the position for the next piece of
// the same frame.
func Unmask(key [4]byte, pos int, data []byte) int {
	for i := range data {
		data[i] ^= key[(pos+i)%4]
	}
	return (pos + len(data)) % 4
}
