package frame_test

import (
	"errors"
	"fmt"

	"realtimelab/lessons/websocket/frame"
)

func ExampleFrame_Append() {
	hello := frame.Frame{
		Header: frame.Header{Fin: true, Opcode: frame.Text, Masked: true,
			Mask: [4]byte{0x37, 0xfa, 0x21, 0x3d}},
		Payload: []byte("Hello"),
	}
	fmt.Printf("% x\n", hello.Append(nil))
	// Output: 81 85 37 fa 21 3d 7f 9f 4d 51 58
}

func ExampleDecoder() {
	d := frame.Decoder{Rules: frame.Rules{From: frame.FromServer}}
	d.Write([]byte{0x01, 0x03, 'H', 'e', 'l', 0x80})
	for {
		f, err := d.Next()
		if errors.Is(err, frame.ErrIncomplete) {
			break
		}
		fmt.Printf("%s fin=%v %q\n", f.Opcode, f.Fin, f.Payload)
	}
	d.Write([]byte{0x02, 'l', 'o', 0x83})
	f, _ := d.Next()
	fmt.Printf("%s fin=%v %q\n", f.Opcode, f.Fin, f.Payload)
	_, err := d.Next()
	fmt.Println(err)
	// Output:
	// text fin=false "Hel"
	// continuation fin=true "lo"
	// frame: reserved opcode 0x3 at byte 9 (close 1002)
}
