package siopacket_test

import (
	"fmt"

	"realtimelab/lessons/socketio/siopacket"
)

func ExampleDecoder() {
	var decoder siopacket.Decoder
	_, complete, _ := decoder.AddText([]byte(`51-/chat,7["photo",{"_placeholder":true,"num":0}]`))
	fmt.Println(complete)
	packet, complete, _ := decoder.AddBinary([]byte{0xca, 0xfe})
	fmt.Println(complete, packet.Type, packet.Namespace, packet.ID, len(packet.Attachments))
	// Output:
	// false
	// true EVENT /chat 7 1
}
