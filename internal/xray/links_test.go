package xray

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSpecLinks(t *testing.T) {
	for spec, want := range map[string]string{
		"RFC 6455 §5.2":           "https://www.rfc-editor.org/rfc/rfc6455#section-5.2",
		"RFC 9112 appendix C.2.2": "https://www.rfc-editor.org/rfc/rfc9112#appendix-C.2.2",
		"RFC 1951":                "https://www.rfc-editor.org/rfc/rfc1951",
		"RFC":                     "",
		"":                        "",
	} {
		assert.Equal(t, want, specLink(spec))
	}
	for name, h := range headers {
		assert.NotEmpty(t, specLink(h.spec), "%s: %s", name, h.spec)
	}
}

func TestLessonLinks(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"masking key", "RFC 6455 §5.3", "websocket#masking-and-why-only-the-client"},
		{"extended length", "RFC 6455 §5.2", "websocket#frames"},
		{"close code", "RFC 6455 §7.4", "websocket#closing"},
		{"Sec-WebSocket-Key", "RFC 6455 §4.1", "websocket#the-handshake"},
		{"size", "RFC 9112 §7.1", "longconn#on-the-wire"},
		{"ack id", sioSpec, "socketio-events#acknowledgements"},
		{"type", sioSpec, "socketio#two-protocols-one-in-the-other"},
		{"Host", "RFC 9110 §7.2", ""},
	} {
		assert.Equal(t, c.want, lessonLink(Field{Name: c.name, Spec: c.spec}), c.name)
	}
}
