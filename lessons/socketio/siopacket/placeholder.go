package siopacket

import (
	"fmt"
	"io"
	"strconv"
)

// appendPlaceholder writes the object that stands for an attachment, as the official encoder does:
//
//	{"_placeholder":true,"num":0}
func appendPlaceholder(dst []byte, num int) []byte {
	dst = append(append(dst, '{'), placeholderStart...)
	return append(strconv.AppendInt(dst, int64(num), 10), '}')
}

// replacePlaceholders copies JSON text, and calls write in the place of each object that the
// official decoder takes for a placeholder of one of so many attachments: one whose member
// "_placeholder" is true, whatever else it has. Without attachments, it returns text itself.
func replacePlaceholders(text Value, attachments int,
	write func(dst []byte, num int) []byte) (Value, error) {
	if attachments == 0 {
		return text, nil
	}
	type object struct {
		start  int    // of its text in out; of an array, nothing else is kept
		name   string // of the last member
		marked bool   // it has "_placeholder":true
		num    int    // -1 without a number that names an attachment
	}
	var open []object
	out := make([]byte, 0, len(text))
	dec := newJSONReader(text)
	for from := int64(0); ; from = dec.InputOffset() {
		token, err := dec.ReadToken()
		if err == io.EOF {
			return append(out, text[from:]...), nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, text[from:dec.InputOffset()]...)
		kind := token.Kind()
		if kind == '}' || kind == ']' {
			closed := open[len(open)-1]
			open = open[:len(open)-1]
			if closed.marked && closed.num >= 0 {
				out = write(out[:closed.start], closed.num)
			}
			continue
		}
		depth := dec.StackDepth()
		if kind == '{' || kind == '[' {
			depth--
		}
		if container, length := dec.StackIndex(depth); container == '{' {
			in := &open[len(open)-1]
			switch {
			case length%2 == 1 && kind == '"':
				in.name = token.String()
			case in.name == "_placeholder":
				in.marked = kind == 't'
			case in.name == "num":
				in.num = -1
				if kind == '0' {
					if f, _ := token.Float(); f >= 0 && f < float64(attachments) &&
						f == float64(int(f)) {
						in.num = int(f)
					}
				}
			}
		}
		if kind == '{' || kind == '[' {
			open = append(open, object{start: len(out) - 1, num: -1})
		}
	}
}

// String returns the text with the size in the place of each attachment: {"file":<3 bytes>}.
func (r Raw) String() string {
	text, err := replacePlaceholders(r.Text, len(r.Attachments), func(dst []byte, num int) []byte {
		if len(r.Attachments[num]) == 1 {
			return append(dst, "<1 byte>"...)
		}
		return fmt.Appendf(dst, "<%d bytes>", len(r.Attachments[num]))
	})
	if err != nil {
		return string(r.Text)
	}
	return string(text)
}
