package eiopacket_test

import (
	"fmt"

	"realtimelab/lessons/socketio/eiopacket"
)

func ExampleParsePayload() {
	packets, err := eiopacket.ParsePayload([]byte("4hello\x1e2\x1ebAQID"))
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range packets {
		fmt.Printf("%s %q\n", p.Type, p.Data)
	}
	// Output:
	// message "hello"
	// ping ""
	// message "\x01\x02\x03"
}
