package class

import (
	"slices"

	"realtimelab/internal/lang"
)

// A Question is a question that the class votes on. Its texts are HTML of the lab's own.
type Question struct {
	ID      string // such as "broadcast/buffer" or "predict-frames/hello"
	Lesson  string
	Demo    string      // that shows the answer; may be empty
	Title   lang.Text   // where the question is from, as plain text
	Ask     lang.Text   // the question
	Text    lang.Text   // background for the question; may be empty
	Options []lang.Text // at least two
	Answer  int         // index of the right option
	Why     lang.Text   // why it is right
	Notes   []lang.Text // per option, as plain text: what students who choose it miss; may be empty
}

// A Phase is a step of a vote: students vote alone, see the counts, talk to their neighbours, vote
// again, see the shift, and then the right answer.
type Phase string

// The phases, in order. The teacher may reveal the answer after the first round.
const (
	Voting   Phase = "voting"
	Counted  Phase = "counted"
	Revoting Phase = "revoting"
	Shifted  Phase = "shifted"
	Revealed Phase = "revealed"
)

// A poll is the vote on the open question.
type poll struct {
	question Question
	phase    Phase
	votes    [2]map[int]int // by round: the student's ID to the option
}

// A ballot is one student's vote on a question that is over. A round without a vote has -1.
type ballot struct {
	Question string `json:"question"`
	Alone    int    `json:"alone"`
	Again    int    `json:"again"`
	Answer   int    `json:"answer"` // the right option
}

func newPoll(q Question) *poll {
	return &poll{question: q, phase: Voting, votes: [2]map[int]int{{}, {}}}
}

// round returns the index of the round that is open now, or -1.
func (p *poll) round() int {
	switch p.phase {
	case Voting:
		return 0
	case Revoting:
		return 1
	}
	return -1
}

// vote records or changes a student's vote in the open round.
func (p *poll) vote(student, round, option int) error {
	if round != p.round() || option < 0 || option >= len(p.question.Options) {
		return ErrNoVote
	}
	p.votes[round][student] = option
	return nil
}

// next moves to a phase that may follow the present one.
func (p *poll) next(phase Phase) error {
	follows := map[Phase][]Phase{
		Voting: {Counted}, Counted: {Revoting, Revealed}, Revoting: {Shifted}, Shifted: {Revealed},
	}
	if !slices.Contains(follows[p.phase], phase) {
		return ErrAction
	}
	p.phase = phase
	return nil
}

// counts returns the number of votes per option in a round.
func (p *poll) counts(round int) []int {
	n := make([]int, len(p.question.Options))
	for _, option := range p.votes[round] {
		n[option]++
	}
	return n
}

// ballot returns a student's votes, and whether there are any.
func (p *poll) ballot(student int) (ballot, bool) {
	b := ballot{Question: p.question.ID, Alone: -1, Again: -1, Answer: p.question.Answer}
	one, alone := p.votes[0][student]
	two, again := p.votes[1][student]
	if alone {
		b.Alone = one
	}
	if again {
		b.Again = two
	}
	return b, alone || again
}

// A Shift counts the students who voted in both rounds by the change of their answer.
type Shift struct {
	Gained int `json:"gained"` // wrong, then right
	Lost   int `json:"lost"`   // right, then wrong
	Right  int `json:"right"`  // right both times
	Wrong  int `json:"wrong"`  // wrong both times
}

func (p *poll) shift() (s Shift) {
	right := p.question.Answer
	for student, first := range p.votes[0] {
		second, voted := p.votes[1][student]
		switch {
		case !voted:
		case first != right && second == right:
			s.Gained++
		case first == right && second != right:
			s.Lost++
		case first == right:
			s.Right++
		default:
			s.Wrong++
		}
	}
	return s
}

// Open opens a question for voting. It ends an open one.
func (r *Room) Open(id string) error {
	return r.change(func() error {
		i := slices.IndexFunc(r.Questions, func(q Question) bool { return q.ID == id })
		if i < 0 || r.closed {
			return ErrAction
		}
		r.endPoll()
		r.poll = newPoll(r.Questions[i])
		return nil
	})
}

// Advance moves the open question to another phase.
func (r *Room) Advance(phase Phase) error {
	return r.change(func() error {
		if r.poll == nil {
			return ErrAction
		}
		return r.poll.next(phase)
	})
}

// EndQuestion closes the open question. The students keep their votes.
func (r *Room) EndQuestion() error {
	return r.change(func() error {
		if r.poll == nil {
			return ErrAction
		}
		r.endPoll()
		return nil
	})
}

// endPoll notes the votes with the students. The caller holds r.mu.
func (r *Room) endPoll() {
	if r.poll == nil {
		return
	}
	for _, one := range r.seats.all {
		b, voted := r.poll.ballot(one.ID)
		if !voted {
			continue
		}
		one.Votes = slices.DeleteFunc(one.Votes, func(old ballot) bool {
			return old.Question == b.Question
		})
		one.Votes = append(one.Votes, b)
	}
	r.poll = nil
}

// Vote records a student's vote on the open question, in round 1 or 2.
func (r *Room) Vote(ticket, question string, round, option int) error {
	return r.change(func() error {
		one, err := r.student(ticket)
		switch {
		case err != nil:
			return err
		case r.closed:
			return ErrClosed
		case r.poll == nil || r.poll.question.ID != question:
			return ErrNoVote
		}
		return r.poll.vote(one.ID, round-1, option)
	})
}

// An askedQuestion explains a question ID in the export of the marks.
type askedQuestion struct {
	ID     string    `json:"id"`
	Title  lang.Text `json:"title"`
	Answer int       `json:"answer"`
}

// asked returns the questions that students have voted on.
func (r *Room) asked() []askedQuestion {
	used := map[string]bool{}
	for _, m := range r.Marks() {
		for _, b := range m.Votes {
			used[b.Question] = true
		}
	}
	list := []askedQuestion{}
	for _, q := range r.Questions {
		if used[q.ID] {
			list = append(list, askedQuestion{q.ID, q.Title, q.Answer})
		}
	}
	return list
}
