package frame

// Frame is a header and its payload.
type Frame struct {
	Header
	Payload []byte // never masked; Length is its size
}

// Append appends the frame as it goes on the wire. Length is taken from
// Payload; the bytes appended are masked if Masked is set, Payload itself stays
// as it is.
func (f Frame) Append(dst []byte) []byte {
	f.Length = int64(len(f.Payload))
	dst = f.Header.Append(dst)
	start := len(dst)
	dst = append(dst, f.Payload...)
	if f.Masked {
		Mask(f.Mask, 0, dst[start:])
	}
	return dst
}

// Parse reads the frame at the beginning of data. n is its length in bytes. It returns the errors
// of ParseHeader. Payload is unmasked; it shares memory with data if the frame was not masked.
func Parse(data []byte) (f Frame, n int, err error) {
	h, n, err := ParseHeader(data)
	if err != nil {
		return Frame{}, 0, err
	}
	if h.Length > int64(len(data)-n) {
		return Frame{}, 0, ErrIncomplete
	}
	end := n + int(h.Length)
	payload := data[n:end:end]
	if h.Masked {
		payload = append([]byte(nil), payload...)
		Mask(h.Mask, 0, payload)
	}
	return Frame{Header: h, Payload: payload}, end, nil
}
