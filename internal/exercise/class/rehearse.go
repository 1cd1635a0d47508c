package class

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// Rehearse simulates students of varying speed until the context ends, so that the teacher can try
// the room before the class. step is the mean time between two actions of a quick student.
func (r *Room) Rehearse(ctx context.Context, students int, step time.Duration, seed uint64,
	language lang.Lang) {
	var acting sync.WaitGroup
	for i := range min(students, MaxStudents) {
		actor := &actor{room: r, chance: rand.New(rand.NewPCG(seed, uint64(i))), lang: language}
		actor.pace = 1 + 4*actor.chance.Float64()*actor.chance.Float64()
		actor.skill = 0.25 + 0.6*actor.chance.Float64()
		acting.Go(func() { actor.run(ctx, step) })
	}
	acting.Wait()
}

// An actor plays one student.
type actor struct {
	room   *Room
	chance *rand.Rand
	lang   lang.Lang
	pace   float64 // times the step between two actions
	skill  float64 // chance that a check passes

	ticket    string
	at        int // column
	hints     int
	thinking  string // question and round that the actor thinks about
	lastPush  int
	exercises []Column
}

func (a *actor) run(ctx context.Context, step time.Duration) {
	for {
		wait := time.Duration(float64(step) * a.pace * (0.3 + 1.4*a.chance.Float64()))
		select {
		case <-time.After(wait):
			a.act()
		case <-ctx.Done():
			return
		}
	}
}

// act does one thing: join, vote, or work at an exercise.
func (a *actor) act() {
	if a.ticket == "" {
		if got, err := a.room.Join(Joining{Code: a.room.Code(), Lang: a.lang}); err == nil {
			a.ticket = got.Ticket
		}
		return
	}
	v, err := a.room.StudentView(a.ticket)
	if err != nil || v.Closed {
		return
	}
	if a.vote(v) {
		return
	}
	a.follow(v)
	if a.at < len(a.exercises) {
		a.work(a.exercises[a.at])
	}
}

// vote votes once per round, more often rightly after talking. It thinks for one action first.
func (a *actor) vote(v View) bool {
	if v.Question == nil || v.Question.Round == 0 {
		return false
	}
	round := v.Question.Round
	thought := v.Question.ID + string(v.Question.Phase)
	if v.Question.Mine[round-1] >= 0 {
		return false
	}
	if a.thinking != thought {
		a.thinking = thought
		return true
	}
	option := a.chance.IntN(len(v.Question.Options))
	if first := v.Question.Mine[0]; round == 2 && first >= 0 {
		option = first
	}
	if right := a.room.answer(v.Question.ID); a.chance.Float64() < a.skill*[]float64{0.7,
		1}[round-1] {
		option = right
	}
	_ = a.room.Vote(a.ticket, v.Question.ID, round, option)
	return true
}

// follow takes up today's list, and goes to an exercise for everyone.
func (a *actor) follow(v View) {
	exercises := []Column{}
	for _, c := range a.room.Columns {
		if len(v.Today) == 0 || slices.Contains(v.Today, c.Name) {
			exercises = append(exercises, c)
		}
	}
	if len(exercises) != len(a.exercises) {
		a.exercises, a.at = exercises, 0
	}
	if v.Push != nil && v.Push.N != a.lastPush {
		a.lastPush = v.Push.N
		for i, c := range a.exercises {
			if c.Name == v.Push.Exercise {
				a.at = i
			}
		}
	}
	for a.at < len(a.exercises) && v.Me.States[a.exercises[a.at].Name] == exercise.Done {
		a.at++
		a.hints = 0
	}
}

// work checks the exercise. It fails with one of the exercise's own mistakes.
func (a *actor) work(c Column) {
	p := Progress{Current: c.Name}
	switch roll := a.chance.Float64(); {
	case roll < 0.15: // begins, or thinks
		p.States = map[string]exercise.State{c.Name: exercise.Started}
	case roll < 0.3:
		a.hints = min(a.hints+1, 3)
		p.Hints = map[string]int{c.Name: a.hints}
	default:
		p.Check = &Check{Exercise: c.Name, Steps: 5, Step: a.chance.IntN(5),
			Passed: a.chance.Float64() < a.skill/2}
		if p.Check.Passed {
			p.Check.Step = 5
		} else {
			p.Check.Message = a.mistake(c.Name)
		}
	}
	_ = a.room.Report(a.ticket, p)
}

// mistake returns what the check says about one of the exercise's mistakes, the first more often.
func (a *actor) mistake(name string) lang.Text {
	var known []Mistake
	for _, m := range a.room.Mistakes {
		if m.Exercise == name {
			known = append(known, m)
		}
	}
	if len(known) == 0 {
		return lang.Text{EN: "The server does not answer.", ZH: "服务器没有应答。"}
	}
	m := known[int(float64(len(known))*a.chance.Float64()*a.chance.Float64())]
	return lang.Text{EN: m.Phrase, ZH: cmp.Or(m.ZH, m.Phrase)}
}

// answer returns the right option of the open question.
func (r *Room) answer(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.poll == nil || r.poll.question.ID != id {
		return 0
	}
	return r.poll.question.Answer
}
