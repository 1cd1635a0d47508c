package siopacket

import "testing"

func BenchmarkMarshalArgs(b *testing.B) {
	type message struct {
		ID   int    `json:"id"`
		From string `json:"from"`
		Text string `json:"text"`
	}
	for name, args := range map[string][]any{
		"text":   {"chat message", "hello"},
		"struct": {"chat message", message{7, "ann", "hello"}},
		"bytes":  {"picture", []byte("0123456789")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := MarshalArgs(args...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	for name, text := range map[string]string{
		"struct": `{"name":"ann"}`, "bytes": `{"name":"ann","data":{"_placeholder":true,"num":0}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var attachments [][]byte
			if name == "bytes" {
				attachments = [][]byte{{1}}
			}
			for b.Loop() {
				var p photo
				if err := Unmarshal(Value(text), attachments, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
