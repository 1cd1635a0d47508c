package sio

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Answers from an adapter may arrive in any order, and from more servers than were counted.
func TestAnswersInAnyOrder(t *testing.T) {
	steps := []func(*Answers){
		func(a *Answers) { a.Expect([]string{"a", "b"}, 1) },
		func(a *Answers) { a.Take(Answer{Socket: "a"}, nil) },
		func(a *Answers) { a.Take(Answer{Socket: "b"}, ErrDisconnected) },
		func(a *Answers) { a.TakeRemote(2) },
		func(a *Answers) { a.TakeRemote(0, Answer{}) },
		func(a *Answers) { a.TakeRemote(0, Answer{}) },
	}
	for range 100 {
		i := len(steps) - 1
		steps[0], steps[i] = steps[i], steps[0]
		steps = slices.Concat(steps[2:], steps[:2])
		a := NewAnswers()
		for _, step := range steps {
			step(a)
		}
		answers, missing, silent := a.Wait(t.Context())
		assert.Len(t, answers, 3)
		assert.Equal(t, &MissingAnswersError{Sockets: []string{"b"}, Err: ErrDisconnected}, missing)
		assert.Zero(t, silent)
	}
}

func TestAnswersThatDoNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAnswers()
		a.Expect([]string{"a", "b"}, 2)
		a.Take(Answer{Socket: "b"}, nil)
		a.TakeRemote(3)
		a.TakeRemote(0, Answer{})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, ErrTimeout)
		defer cancel()
		answers, missing, silent := a.Wait(ctx)
		assert.Len(t, answers, 2)
		assert.Equal(t, &MissingAnswersError{Sockets: []string{"a", "", ""}, Err: ErrTimeout},
			missing)
		assert.Equal(t, 1, silent)
		assert.Equal(t, "sio: operation has timed out: no answer from a, 2 on other servers",
			missing.Error())
		assert.True(t, errors.Is(missing, ErrTimeout))
	})
}

// A server that has joined after they were counted answers too.
func TestAnswersOfMoreServersThanCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAnswers()
		a.Expect(nil, 1)
		waited := make(chan int)
		go func() {
			answers, missing, _ := a.Wait(t.Context())
			assert.Nil(t, missing)
			waited <- len(answers)
		}()
		a.TakeRemote(1)
		a.TakeRemote(1)
		synctest.Wait()
		assert.Empty(t, waited, "two clients are asked")
		a.TakeRemote(0, Answer{})
		a.TakeRemote(0, Answer{})
		assert.Equal(t, 2, <-waited)
		a.TakeRemote(0) // too late, and harmless
	})
}
