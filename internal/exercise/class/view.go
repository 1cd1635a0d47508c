package class

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// A View is the room at one moment, as one role sees it.
type View struct {
	Role      string `json:"role"` // "student", "watcher" or "teacher"
	Closed    bool   `json:"closed"`
	Rehearsal bool   `json:"rehearsal,omitempty"`
	Place     *Place `json:"place,omitempty"`
	// where the class is: the newest of Place and Push
	At       *Place        `json:"at,omitempty"`
	Moved    time.Time     `json:"moved,omitzero"` // when the teacher last moved the class
	Today    []string      `json:"today"`
	Push     *Push         `json:"push,omitempty"`
	Timer    *Timer        `json:"timer,omitempty"`
	Question *QuestionView `json:"question,omitempty"`
	Me       *Me           `json:"me,omitempty"`      // for a student
	Board    *Board        `json:"board,omitempty"`   // for a watcher or the teacher
	Teacher  *Private      `json:"teacher,omitempty"` // for the teacher
}

// A Push is an exercise that everyone goes to. N rises with each push.
type Push struct {
	Exercise string `json:"exercise"`
	N        int    `json:"n"`
}

// A Timer is a countdown.
type Timer struct {
	Until   time.Time `json:"until"`
	Seconds int       `json:"seconds"` // its whole length
}

// Me is a student's own state.
type Me struct {
	Name     string                    `json:"name"`
	Shown    lang.Text                 `json:"shown"` // how the wall names the student
	Group    int                       `json:"group,omitempty"`
	SeatCode string                    `json:"seat_code"`
	States   map[string]exercise.State `json:"states"`
}

// A Board shows every student's progress.
type Board struct {
	Students  []Row     `json:"students"`
	Present   int       `json:"present"`
	Failures  []Failure `json:"failures"`
	Anonymous bool      `json:"anonymous"`
	Groups    int       `json:"groups,omitempty"`
}

// A Row is one student on the board.
type Row struct {
	ID      int                       `json:"id"`
	Name    lang.Text                 `json:"name"`
	Group   int                       `json:"group,omitempty"`
	States  map[string]exercise.State `json:"states"`
	Solved  int                       `json:"solved"`
	Current string                    `json:"current,omitempty"`
	Since   time.Time                 `json:"since"`
	Seen    time.Time                 `json:"seen"`
	Step    int                       `json:"step,omitempty"`
	Steps   int                       `json:"steps,omitempty"`
	Message lang.Text                 `json:"message,omitzero"`
	Tries   int                       `json:"tries,omitempty"`
	Hints   int                       `json:"hints,omitempty"`
}

// Private is the part of a View for the teacher alone.
type Private struct {
	Code   string      `json:"code"`
	Claims []ClaimView `json:"claims"`
}

// A ClaimView is a claim that waits for the teacher.
type ClaimView struct {
	ID   string    `json:"id"`
	Name lang.Text `json:"name"`
}

// A QuestionView is the open question. Counts come with the phases that show them, and the answer
// with the last phase.
type QuestionView struct {
	ID      string      `json:"id"`
	Phase   Phase       `json:"phase"`
	Round   int         `json:"round"` // that students vote in now; 0 if voting is closed
	Demo    string      `json:"demo,omitempty"`
	Title   lang.Text   `json:"title"`
	Ask     lang.Text   `json:"ask"`
	Text    lang.Text   `json:"text,omitzero"`
	Options []lang.Text `json:"options"`

	Voted  [2]int  `json:"voted"`            // votes per round
	Counts [][]int `json:"counts,omitempty"` // votes per round and option
	Answer *int    `json:"answer,omitempty"`

	Why   lang.Text   `json:"why,omitzero"`
	Notes []lang.Text `json:"notes,omitempty"`
	Shift *Shift      `json:"shift,omitempty"`
	Mine  []int       `json:"mine,omitempty"` // the student's own votes per round, -1 for none
}

// StudentView returns the room as the student with the ticket sees it.
func (r *Room) StudentView(ticket string) (View, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, err := r.student(ticket)
	if err != nil {
		return View{}, err
	}
	v := r.view("student")
	v.Me = &Me{Name: one.Name, Shown: r.shown(one), Group: one.Group, SeatCode: one.SeatCode,
		States: maps.Clone(one.States)}
	if v.Question != nil {
		b, _ := r.poll.ballot(one.ID)
		v.Question.Mine = []int{b.Alone, b.Again}
		if v.Question.Round > 0 {
			v.Question.Voted = [2]int{} // or each vote would be sent to every phone
		}
	}
	return v, nil
}

// WatcherView returns the room as anyone in it may see it.
func (r *Room) WatcherView() View {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.view("watcher")
	v.Board = r.board()
	return v
}

// TeacherView returns the room as the teacher sees it.
func (r *Room) TeacherView() View {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.view("teacher")
	v.Board = r.board()
	v.Teacher = &Private{Code: r.code, Claims: []ClaimView{}}
	for _, c := range r.seats.pending(r.now()) {
		if one := r.seats.byID(c.Student); one != nil {
			v.Teacher.Claims = append(v.Teacher.Claims, ClaimView{c.ID, r.shown(one)})
		}
	}
	return v
}

// view returns what every role sees. The caller holds r.mu.
func (r *Room) view(role string) View {
	v := View{
		Role: role, Closed: r.closed, Rehearsal: r.Rehearsal, At: r.at(), Moved: r.lead.Moved,
		Today:    slices.Clone(r.lead.Today),
		Question: r.poll.view(),
	}
	if v.Today == nil {
		v.Today = []string{}
	}
	if r.lead.Place != nil {
		v.Place = new(*r.lead.Place)
	}
	if r.lead.Push != "" {
		v.Push = &Push{r.lead.Push, r.lead.Pushes}
	}
	if r.lead.Length > 0 {
		v.Timer = &Timer{r.lead.Until, r.lead.Length}
	}
	return v
}

// shown returns how the wall names a student. The caller holds r.mu.
func (r *Room) shown(one *student) lang.Text {
	if r.anonymous || one.generated() {
		return one.Alias
	}
	return lang.Text{EN: one.Name, ZH: one.Name}
}

// maxFailures is the number of frequent messages on the board.
const maxFailures = 3

// board returns the board. The caller holds r.mu.
func (r *Room) board() *Board {
	b := &Board{Students: []Row{}, Anonymous: r.anonymous, Groups: r.groups,
		Failures: failures(r.seats.all, r.Mistakes, maxFailures)}
	for _, one := range r.seats.all {
		row := Row{
			ID: one.ID, Name: r.shown(one), Group: one.Group, States: maps.Clone(one.States),
			Solved: one.solved(), Current: one.Current,
			Since: one.Since, Seen: one.Seen, Tries: one.Tries[one.Current],
			Hints: one.Hints[one.Current],
		}
		if c, ok := one.Last[one.Current]; ok {
			row.Step, row.Steps, row.Message = c.Step, c.Steps, c.Message
		}
		if r.now().Sub(one.Seen) < presence {
			b.Present++
		}
		b.Students = append(b.Students, row)
	}
	return b
}

// view returns the open question in its phase.
func (p *poll) view() *QuestionView {
	if p == nil {
		return nil
	}
	q := p.question
	v := &QuestionView{
		ID: q.ID, Phase: p.phase, Round: p.round() + 1, Demo: q.Demo, Title: q.Title, Ask: q.Ask,
		Text: q.Text, Options: q.Options,
		Voted: [2]int{len(p.votes[0]), len(p.votes[1])},
	}
	if p.round() < 0 {
		v.Counts = [][]int{p.counts(0)}
		if len(p.votes[1]) > 0 || p.phase == Shifted {
			v.Counts = append(v.Counts, p.counts(1))
		}
	}
	if p.phase == Revealed {
		v.Answer, v.Why, v.Notes = new(q.Answer), q.Why, q.Notes
		if len(v.Counts) > 1 {
			v.Shift = new(p.shift())
		}
	}
	return v
}

// A Mark is a student's row of the export.
type Mark struct {
	Name       string                    `json:"name"`
	Alias      lang.Text                 `json:"alias"`
	Group      int                       `json:"group,omitempty"`
	Seen       time.Time                 `json:"seen"`
	Solved     int                       `json:"solved"`
	Current    string                    `json:"current,omitempty"`
	States     map[string]exercise.State `json:"states"`
	Tries      map[string]int            `json:"tries"`
	Hints      map[string]int            `json:"hints"`
	Votes      []ballot                  `json:"votes"`
	RightAlone int                       `json:"right_alone"` // right in the first round
	RightAgain int                       `json:"right_again"` // right in the second
}

// Marks returns every student's marks with the names, in the order of the names. Votes on the open
// question are included.
func (r *Room) Marks() []Mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	marks := []Mark{}
	for _, one := range r.seats.all {
		m := Mark{
			Name: one.Name, Alias: one.Alias, Group: one.Group, Seen: one.Seen.UTC(),
			Solved: one.solved(), Current: one.Current,
			States: maps.Clone(one.States), Tries: maps.Clone(one.Tries),
			Hints: maps.Clone(one.Hints), Votes: slices.Clone(one.Votes),
		}
		if r.poll != nil {
			if b, voted := r.poll.ballot(one.ID); voted {
				m.Votes = append(slices.DeleteFunc(m.Votes, func(old ballot) bool {
					return old.Question == b.Question
				}), b)
			}
		}
		if m.Votes == nil {
			m.Votes = []ballot{}
		}
		for _, b := range m.Votes {
			if b.Alone == b.Answer {
				m.RightAlone++
			}
			if b.Again == b.Answer {
				m.RightAgain++
			}
		}
		marks = append(marks, m)
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Name, b.Name) })
	return marks
}
