package event

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/siopacket"
)

// answers answers every event with the same.
type answers struct {
	json string
	err  error
}

func (a answers) EmitWithAck(context.Context, string, ...any) (Args, error) {
	return NewArgs(siopacket.Packet{Data: []byte(a.json)}.Args(), nil), a.err
}

func TestAskDecodesTheAnswer(t *testing.T) {
	n, err := Ask[int](t.Context(), answers{json: `[7,"more"]`}, "n")
	assert.NoError(t, err)
	assert.Equal(t, 7, n)

	n, err = Ask[int](t.Context(), answers{json: `[]`}, "n")
	assert.NoError(t, err)
	assert.Zero(t, n)

	_, err = Ask[int](t.Context(), answers{json: `["seven"]`}, "n")
	assert.ErrorContains(t, err, "int")

	for _, refused := range []string{`[{"error":"no room"}]`, `[ { "error" : "no room" } ]`} {
		_, err = Ask[struct{ N int }](t.Context(), answers{json: refused}, "n")
		var remote *RemoteError
		assert.ErrorAs(t, err, &remote, refused)
		assert.Equal(t, &RemoteError{"no room"}, remote, refused)
	}
	for _, other := range []string{`[{"error":"no room","N":7}]`, `[{"N":7,"error":"no room"}]`,
		`[{"error":7}]`, `[{"error":"no room"},7]`, `[{"errors":""}]`, `[{}]`} {
		_, err = Ask[struct{ N int }](t.Context(), answers{json: other}, "n")
		assert.NoError(t, err, other)
	}

	lost := errors.New("lost")
	_, err = Ask[int](t.Context(), answers{json: `[7]`, err: lost}, "n")
	assert.ErrorIs(t, err, lost)
}

func TestAcksAfterALostConnection(t *testing.T) {
	var acks Acks
	lost, gone := errors.New("lost"), errors.New("gone")
	var got []error
	note := func(_ Args, err error) { got = append(got, err) }
	acks.Expect(1, note)
	acks.Fail(lost)
	acks.Expect(2, note)
	assert.Equal(t, []error{lost}, got, "the second waits")
	acks.Close(gone)
	acks.Expect(3, note)
	assert.Equal(t, []error{lost, gone, gone}, got)
}
