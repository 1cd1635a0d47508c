package class

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"realtimelab/internal/draft"
	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// kept is the format of the file.
type kept struct {
	Version   int        `json:"version"`
	Code      string     `json:"code,omitempty"`        // so that the students' commands still work
	Key       string     `json:"teacher_key,omitempty"` // so that the teacher's address still works
	Closed    bool       `json:"closed,omitempty"`
	Anonymous bool       `json:"anonymous,omitempty"`
	Groups    int        `json:"groups,omitempty"`
	LastID    int        `json:"last_id,omitempty"`
	Lead      lead       `json:"lead"`
	Poll      *keptPoll  `json:"poll,omitempty"`
	Students  []*student `json:"students"`
}

// keptPoll is the open question with its votes.
type keptPoll struct {
	Question string         `json:"question"`
	Phase    Phase          `json:"phase"`
	Votes    [2]map[int]int `json:"votes"`
}

// keptVersion is the version of the format. Version 1 had only the students' states.
const keptVersion = 2

// Load fills the room from a file that Save wrote. Without the file, the room stays empty.
func (r *Room) Load(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil || k.Version < 1 || k.Version > keptVersion {
		return fmt.Errorf("%s is not the file of a class: move it away, or name another file", path)
	}
	return r.change(func() error { r.restore(k); return nil })
}

// TeacherKey returns the teacher's key from the file. Without one, the room keeps fresh.
func (r *Room) TeacherKey(fresh string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.teacherKey = cmp.Or(r.teacherKey, fresh)
	return r.teacherKey
}

// restore takes over the state from a file. The caller holds r.mu.
func (r *Room) restore(k kept) {
	if k.Code != "" {
		r.code = k.Code
	}
	r.teacherKey = k.Key
	r.closed, r.anonymous, r.groups, r.lead = k.Closed, k.Anonymous, k.Groups, k.Lead
	r.seats.lastID = k.LastID
	for _, one := range k.Students {
		name, err := cleanName(one.Name)
		if err != nil || r.seats.byName(name) != nil || len(r.seats.all) == MaxStudents {
			continue
		}
		one.fill()
		if one.ID == 0 || r.seats.byID(one.ID) != nil {
			r.seats.lastID++
			one.ID = r.seats.lastID
		}
		r.seats.lastID = max(r.seats.lastID, one.ID)
		if one.Alias.EN == "" {
			one.Alias = newAlias(func(text lang.Text) bool {
				return find(r.seats.all, func(s *student) bool { return s.Alias == text }) != nil
			})
		}
		r.seats.all = append(r.seats.all, one)
	}
	if k.Poll == nil {
		return
	}
	if i := slices.IndexFunc(r.Questions, func(q Question) bool {
		return q.ID == k.Poll.Question
	}); i >= 0 {
		r.poll = newPoll(r.Questions[i])
		r.poll.phase = k.Poll.Phase
		for round, votes := range k.Poll.Votes {
			for student, option := range votes {
				if option >= 0 && option < len(r.poll.question.Options) {
					r.poll.votes[round][student] = option
				}
			}
		}
	}
}

// fill sets a student's fields that an older file lacks.
func (one *student) fill() {
	empty := newWork(one.Since)
	if one.States == nil {
		one.States = map[string]exercise.State{}
	}
	if one.Tries == nil {
		one.Tries = empty.Tries
	}
	if one.Hints == nil {
		one.Hints = empty.Hints
	}
	if one.Last == nil {
		one.Last = empty.Last
	}
	if one.SeatCode == "" {
		one.SeatCode = newSeatCode()
	}
	if one.Ticket == "" {
		one.renew()
	}
}

// Save writes the room's state to the file, whole or not at all. The file holds the students'
// tickets, and the teacher's key, so only its owner can read it.
func (r *Room) Save(path string) error {
	data, err := r.state()
	if err != nil {
		return err
	}
	return draft.Write(path, append(data, '\n'), 0o600)
}

func (r *Room) state() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := kept{
		Version: keptVersion, Code: r.code, Key: r.teacherKey, Closed: r.closed,
		Anonymous: r.anonymous, Groups: r.groups,
		LastID: r.seats.lastID, Lead: r.lead, Students: r.seats.all,
	}
	if k.Students == nil {
		k.Students = []*student{}
	}
	if r.poll != nil {
		k.Poll = &keptPoll{r.poll.question.ID, r.poll.phase, r.poll.votes}
	}
	return json.MarshalIndent(k, "", "  ")
}
