package class

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const code = "abcdef"

var colours = Question{ID: "q/one", Options: []lang.Text{{EN: "red"}, {EN: "green"}, {EN: "blue"}},
	Answer: 1, Why: lang.Text{EN: "because"}}

func newTestRoom() *Room {
	r := NewRoom(Config{
		Columns:   []Column{{Name: "cursor"}, {Name: "hold"}, {Name: "flush"}},
		Questions: []Question{colours},
		Places: []Place{{Path: "/lab/lesson/longpoll", Title: lang.Text{EN: "Polling"}},
			{Demo: "sse"}},
		Mistakes: []Mistake{{Exercise: "cursor", Phrase: "ids have gaps", Name: "count",
			Code: "after + 1"}, {Exercise: "cursor", Phrase: "gaps", Name: "shorter"}},
	})
	r.code = code
	return r
}

// seat joins with the code and returns the ticket.
func seat(t *testing.T, r *Room, name string) string {
	got, err := r.Join(Joining{Name: name, Code: code})
	require.NoError(t, err)
	require.NotEmpty(t, got.Ticket)
	return got.Ticket
}

func TestNames(t *testing.T) {
	r := newTestRoom()
	ticket := seat(t, r, "  小明 \t 二 ")
	v, err := r.StudentView(ticket)
	require.NoError(t, err)
	assert.Equal(t, "小明 二", v.Me.Name)
	seat(t, r, "Ann")
	_, err = r.Join(Joining{Name: "aNN", Code: code})
	assert.ErrorIs(t, err, ErrTaken)
	for _, name := range []string{strings.Repeat("x", MaxName+1), "a\x07b", "\u202eevil",
		"a\u200bb", "\xff"} {
		_, err := r.Join(Joining{Name: name, Code: code})
		assert.ErrorIs(t, err, ErrName, "%q", name)
	}
	seat(t, r, strings.Repeat("明", MaxName))
	_, err = r.Join(Joining{Name: "Bob", Code: "wrong"})
	assert.ErrorIs(t, err, ErrCode)
	_, err = r.Join(Joining{Name: "Bob", Code: " ABCDEF "})
	assert.NoError(t, err, "as people type it")
}

// TestGeneratedNames: a whole class without names gets names that differ.
func TestGeneratedNames(t *testing.T) {
	r := newTestRoom()
	seen := map[lang.Text]bool{}
	for range MaxStudents {
		v, err := r.StudentView(seat(t, r, ""))
		require.NoError(t, err)
		assert.False(t, seen[v.Me.Shown], v.Me.Shown)
		seen[v.Me.Shown] = true
	}
	_, err := r.Join(Joining{Code: code})
	assert.ErrorIs(t, err, ErrFull)
	for name := range seen {
		for _, taken := range []string{name.EN, name.ZH} {
			_, err := r.Join(Joining{Name: taken, Code: code})
			require.ErrorIs(t, err, ErrTaken, "in both languages")
		}
	}
}

func TestOneAddressCannotFillTheRoom(t *testing.T) {
	r := newTestRoom()
	for i := range maxFromAddr {
		_, err := r.Join(Joining{Name: fmt.Sprint("x", i), Code: code, Addr: "192.0.2.1"})
		require.NoError(t, err)
	}
	_, err := r.Join(Joining{Name: "one more", Code: code, Addr: "192.0.2.1"})
	assert.ErrorIs(t, err, ErrFull)
	_, err = r.Join(Joining{Name: "another", Code: code, Addr: "192.0.2.2"})
	assert.NoError(t, err)
}

// TestASeatOnTwoDevices: the seat code gives the laptop the phone's seat, and progress of both
// counts.
func TestASeatOnTwoDevices(t *testing.T) {
	r := newTestRoom()
	phone := seat(t, r, "Ann")
	v, err := r.StudentView(phone)
	require.NoError(t, err)
	laptop, err := r.Join(Joining{SeatCode: " " + strings.ToUpper(v.Me.SeatCode)})
	require.NoError(t, err)
	assert.Equal(t, phone, laptop.Ticket)
	require.NoError(t, r.Report(phone, Progress{Check: &Check{Exercise: "cursor", Passed: true}}))
	require.NoError(t, r.Report(laptop.Ticket, Progress{Current: "hold",
		States: map[string]exercise.State{"cursor": exercise.Started, "flush": exercise.Done,
			"no such": exercise.Done, "hold": "nonsense"}}))
	v, err = r.StudentView(phone)
	require.NoError(t, err)
	assert.Equal(t, map[string]exercise.State{"cursor": exercise.Done, "flush": exercise.Done},
		v.Me.States)
	_, err = r.Join(Joining{SeatCode: "guessed"})
	assert.ErrorIs(t, err, ErrSeatCode)
}

// TestALaptopThatDied: the student claims the seat, the teacher grants it, and the old ticket is
// void.
func TestALaptopThatDied(t *testing.T) {
	r := newTestRoom()
	old := seat(t, r, "Ann")
	require.NoError(t, r.Report(old, Progress{Check: &Check{Exercise: "cursor", Passed: true}}))
	refused, err := r.Join(Joining{Name: "Ann", Code: code, Claim: true})
	require.NoError(t, err)
	claimed, err := r.Join(Joining{Name: "ann", Code: code, Claim: true})
	require.NoError(t, err)
	assert.Empty(t, claimed.Ticket)
	require.NoError(t, r.Decide(refused.Claim, false))
	_, err = r.Claimed(refused.Claim)
	require.ErrorIs(t, err, ErrTaken)
	got, err := r.Claimed(claimed.Claim)
	require.NoError(t, err)
	assert.Empty(t, got.Ticket, "the teacher has not decided")
	require.Len(t, r.TeacherView().Teacher.Claims, 1)
	require.NoError(t, r.Decide(claimed.Claim, true))
	got, err = r.Claimed(claimed.Claim)
	require.NoError(t, err)
	v, err := r.StudentView(got.Ticket)
	require.NoError(t, err)
	assert.Equal(t, exercise.Done, v.Me.States["cursor"])
	assert.ErrorIs(t, r.Report(old, Progress{}), ErrUnknown)
	assert.ErrorIs(t, r.Decide("no such", true), ErrAction)
	for range maxClaims {
		_, err = r.Join(Joining{Name: "Ann", Code: code, Claim: true})
		require.NoError(t, err)
	}
	_, err = r.Join(Joining{Name: "Ann", Code: code, Claim: true})
	assert.ErrorIs(t, err, ErrClaims)
}

func TestClaimsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTestRoom()
		seat(t, r, "Ann")
		claimed, err := r.Join(Joining{Name: "Ann", Code: code, Claim: true})
		require.NoError(t, err)
		time.Sleep(claimTime + time.Second)
		assert.Empty(t, r.TeacherView().Teacher.Claims)
		_, err = r.Claimed(claimed.Claim)
		assert.ErrorIs(t, err, ErrTaken)
	})
}

func TestRemoveAndRename(t *testing.T) {
	r := newTestRoom()
	ann := seat(t, r, "Ann")
	for _, name := range []string{"x1", "x2", "x*"} {
		seat(t, r, name)
	}
	assert.Equal(t, []string{"x*"}, r.Remove("x*"), "a name before a pattern")
	assert.Equal(t, []string{"x1", "x2"}, r.Remove("X*"))
	assert.Empty(t, r.Remove("[bad"))
	id := r.TeacherView().Board.Students[0].ID
	seat(t, r, "Bob")
	assert.ErrorIs(t, r.Rename(id, "bob"), ErrTaken)
	assert.ErrorIs(t, r.Rename(id, "\x00"), ErrName)
	require.NoError(t, r.Rename(id, "Anna"))
	require.NoError(t, r.RemoveID(id))
	assert.ErrorIs(t, r.RemoveID(id), ErrAction)
	assert.ErrorIs(t, r.Report(ann, Progress{}), ErrRemoved,
		"the program does not join again by itself")
	seat(t, r, "Anna")
}

// TestTheBoard: what a check says is on the board, and the most frequent failures come with their
// misconception.
func TestTheBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTestRoom()
		said := func(text string) *Check {
			return &Check{Exercise: "cursor", Step: 2, Steps: 5,
				Message: lang.Text{EN: text, ZH: text}}
		}
		var tickets []string
		for i := range 4 {
			tickets = append(tickets, seat(t, r, fmt.Sprint("s", i)))
		}
		require.NoError(t, r.Report(tickets[0],
			Progress{Check: said("Message 7 is lost: ids have gaps."),
				Hints: map[string]int{"cursor": 2}}))
		require.NoError(t, r.Report(tickets[1],
			Progress{Check: said("Message 9 is lost: ids have gaps.")}))
		require.NoError(t, r.Report(tickets[2], Progress{Check: said("It took 3 s.")}))
		require.NoError(t, r.Report(tickets[3], Progress{Check: said("It took 4 s.")}))
		time.Sleep(5 * time.Minute)
		require.NoError(t, r.Report(tickets[3],
			Progress{Check: said("It took 5 s.\x1b[2J" + strings.Repeat("!", 400))}))
		require.NoError(t, r.Report(tickets[2],
			Progress{Check: &Check{Exercise: "cursor", Passed: true}}))
		board := r.WatcherView().Board
		row := board.Students[0]
		assert.Equal(t, []any{"cursor", 2, 5, 1, 2, exercise.Started},
			[]any{row.Current, row.Step, row.Steps, row.Tries, row.Hints, row.States["cursor"]})
		assert.Equal(t, 5*time.Minute, time.Since(row.Since))
		assert.Equal(t, 2, board.Students[3].Tries)
		assert.Equal(t, row.Since, board.Students[3].Since, "a try does not restart the clock")
		assert.Len(t, []rune(board.Students[3].Message.EN), maxMessage+1)
		assert.NotContains(t, board.Students[3].Message.EN, "\x1b")
		assert.Equal(t, 2, board.Present, "two have not been heard of for five minutes")
		require.Len(t, board.Failures, 2, "one has passed meanwhile")
		assert.Equal(t, Failure{Exercise: "cursor",
			Message: lang.Text{EN: "Message 7 is lost: ids have gaps.",
				ZH: "Message 7 is lost: ids have gaps."}, Students: 2, Misconception: "count",
			Code: "after + 1"}, board.Failures[0])
		assert.Equal(t, 1, board.Failures[1].Students)
	})
}

func TestTwoRounds(t *testing.T) {
	r := newTestRoom()
	var tickets []string
	for i := range 5 {
		tickets = append(tickets, seat(t, r, fmt.Sprint("s", i)))
	}
	assert.ErrorIs(t, r.Vote(tickets[0], colours.ID, 1, 0), ErrNoVote)
	assert.ErrorIs(t, r.Open("no such"), ErrAction)
	require.NoError(t, r.Open(colours.ID))
	for i, option := range []int{0, 0, 1, 1} {
		require.NoError(t, r.Vote(tickets[i], colours.ID, 1, 2), "a vote may be changed")
		require.NoError(t, r.Vote(tickets[i], colours.ID, 1, option))
	}
	assert.ErrorIs(t, r.Vote(tickets[4], colours.ID, 1, 3), ErrNoVote)
	assert.ErrorIs(t, r.Vote(tickets[4], colours.ID, 2, 1), ErrNoVote)
	q := r.WatcherView().Question
	assert.Equal(t, []any{[2]int{4, 0}, 1, 0, true, ""},
		[]any{q.Voted, q.Round, len(q.Counts), q.Answer == nil, q.Why.EN},
		"no counts while students vote")
	assert.ErrorIs(t, r.Advance(Revealed), ErrAction)
	require.NoError(t, r.Advance(Counted))
	assert.ErrorIs(t, r.Vote(tickets[0], colours.ID, 1, 1), ErrNoVote)
	q = r.WatcherView().Question
	assert.Equal(t, [][]int{{2, 2, 0}}, q.Counts)
	assert.Nil(t, q.Answer)
	require.NoError(t, r.Advance(Revoting))
	for i, option := range []int{1, 1, 0} {
		require.NoError(t, r.Vote(tickets[i], colours.ID, 2, option))
	}
	require.NoError(t, r.Advance(Shifted))
	require.NoError(t, r.Advance(Revealed))
	v, err := r.StudentView(tickets[0])
	require.NoError(t, err)
	assert.Equal(t, [][]int{{2, 2, 0}, {1, 2, 0}}, v.Question.Counts)
	assert.Equal(t, []any{1, "because", Shift{Gained: 2, Lost: 1}, []int{0, 1}},
		[]any{*v.Question.Answer, v.Question.Why.EN, *v.Question.Shift, v.Question.Mine})
	require.NoError(t, r.EndQuestion())
	assert.Nil(t, r.WatcherView().Question)
	mark := r.Marks()[0]
	assert.Equal(t, []any{"s0", 0, 1, []ballot{{colours.ID, 0, 1, 1}}},
		[]any{mark.Name, mark.RightAlone, mark.RightAgain, mark.Votes})
	assert.Empty(t, r.Marks()[4].Votes)
}

// TestAnonymous: in an anonymous class no view but the student's own has a name.
func TestAnonymous(t *testing.T) {
	r := newTestRoom()
	ann := seat(t, r, "Ann Secret")
	bob := seat(t, r, "Bob Hidden")
	require.NoError(t, r.SetAnonymous(true))
	_, err := r.Join(Joining{Name: "Ann Secret", Code: code, Claim: true})
	require.NoError(t, err)
	other, err := r.StudentView(bob)
	require.NoError(t, err)
	for _, v := range []View{r.WatcherView(), r.TeacherView(), other} {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		assert.NotContains(t, string(data), "Ann Secret", v.Role)
		assert.NotContains(t, string(data), ann, v.Role)
	}
	assert.Equal(t, "Ann Secret", r.Marks()[0].Name, "the marks have the names")
}

func TestGroups(t *testing.T) {
	r := newTestRoom()
	for i := range 5 {
		seat(t, r, fmt.Sprint("s", i))
	}
	require.NoError(t, r.SetGroups(2))
	seat(t, r, "late")
	groups := map[int]int{}
	for _, s := range r.WatcherView().Board.Students {
		groups[s.Group]++
	}
	assert.Equal(t, map[int]int{1: 3, 2: 3}, groups)
	id := r.WatcherView().Board.Students[0].ID
	require.NoError(t, r.Move(id, 2))
	assert.ErrorIs(t, r.Move(id, 3), ErrAction)
	assert.Equal(t, 2, r.WatcherView().Board.Students[0].Group)
}

func TestTheNewestOfShowAndPush(t *testing.T) {
	r := newTestRoom()
	at := func() string {
		if at := r.WatcherView().At; at != nil {
			return at.Path + at.Demo
		}
		return ""
	}
	require.NoError(t, r.Show(Place{Demo: "sse"}))
	assert.Equal(t, "sse", at())
	require.NoError(t, r.Push("cursor"))
	assert.Equal(t, "/lab/exercise/cursor", at())
	moved := r.WatcherView().Moved
	require.NoError(t, r.Push(""))
	assert.Equal(t, "sse", at(), "the exercise is taken back")
	assert.Equal(t, moved, r.WatcherView().Moved)
	require.NoError(t, r.Push("cursor"))
	require.NoError(t, r.Show(Place{Demo: "sse"}))
	assert.Equal(t, "sse", at(), "shown again")
	assert.NotEqual(t, moved, r.WatcherView().Moved)
	require.NoError(t, r.Show(Place{}))
	assert.Equal(t, "/lab/exercise/cursor", at(), "nothing is shown any more")
	require.NoError(t, r.Push(""))
	assert.Equal(t, "", at())
}

func TestWhatTheTeacherShows(t *testing.T) {
	r := newTestRoom()
	require.NoError(t, r.Show(Place{Path: "/lab/lesson/longpoll#hold",
		Title: lang.Text{EN: "forged"}}))
	assert.Equal(t, Place{Path: "/lab/lesson/longpoll#hold", Title: lang.Text{EN: "Polling"}},
		*r.WatcherView().Place)
	for _, path := range []string{"//evil.example/", "https://evil.example", "/lab/class/",
		"/lab/lesson/../x", "/lab/lesson/longpoll?x", "javascript:alert(1)",
		"/lab/lesson/longpoll#" + strings.Repeat("x", maxPath), `/lab/lesson/longpoll#"`} {
		assert.ErrorIs(t, r.Show(Place{Path: path}), ErrAction, path)
	}
	require.NoError(t, r.Show(Place{Demo: "sse"}))
	require.NoError(t, r.Show(Place{}))
	assert.Nil(t, r.WatcherView().Place)
	require.NoError(t, r.Assign([]string{"flush", "cursor", "no such"}))
	assert.Equal(t, []string{"cursor", "flush"}, r.WatcherView().Today)
	assert.ErrorIs(t, r.Assign([]string{"no such"}), ErrAction)
	require.NoError(t, r.Push("hold"))
	require.NoError(t, r.Push("hold"))
	assert.Equal(t, Push{"hold", 2}, *r.WatcherView().Push, "the same exercise again is a new push")
	assert.ErrorIs(t, r.Push("no such"), ErrAction)
	assert.ErrorIs(t, r.SetTimer(-1), ErrAction)
	require.NoError(t, r.SetTimer(60))
	assert.Equal(t, 60, r.WatcherView().Timer.Seconds)
	require.NoError(t, r.SetTimer(0))
	assert.Nil(t, r.WatcherView().Timer)
}

func TestAClosedClass(t *testing.T) {
	r := newTestRoom()
	ann := seat(t, r, "Ann")
	require.NoError(t, r.Open(colours.ID))
	require.NoError(t, r.SetClosed(true))
	assert.ErrorIs(t, r.Report(ann, Progress{}), ErrClosed)
	assert.ErrorIs(t, r.Vote(ann, colours.ID, 1, 1), ErrClosed)
	assert.ErrorIs(t, r.Open(colours.ID), ErrAction)
	_, err := r.Join(Joining{Name: "late", Code: code})
	assert.ErrorIs(t, err, ErrClosed)
	require.NoError(t, r.SetClosed(false))
	assert.NoError(t, r.Report(ann, Progress{}))
}

// TestKept: a restart loses nothing, not even the open vote.
func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "class.json")
	r := newTestRoom()
	require.NoError(t, r.Load(path), "nothing is there yet")
	ann := seat(t, r, "Ann")
	bob := seat(t, r, "Bob")
	require.NoError(t, r.Report(ann,
		Progress{Check: &Check{Exercise: "hold", Message: lang.Text{EN: "no"}},
			Hints: map[string]int{"hold": 1}}))
	require.NoError(t, r.SetGroups(2))
	require.NoError(t, r.SetAnonymous(true))
	require.NoError(t, r.Show(Place{Demo: "sse"}))
	require.NoError(t, r.Assign([]string{"hold"}))
	require.NoError(t, r.Push("hold"))
	require.NoError(t, r.SetTimer(600))
	require.NoError(t, r.Open(colours.ID))
	require.NoError(t, r.Vote(ann, colours.ID, 1, 2))
	require.NoError(t, r.Advance(Counted))
	assert.Equal(t, "key", r.TeacherKey("key"))
	require.NoError(t, r.Save(path))
	file, err := os.Stat(path)
	require.NoError(t, err)
	assert.Zero(t, file.Mode().Perm()&0o077, "it holds tickets")

	again := newTestRoom()
	again.code = "another"
	require.NoError(t, again.Load(path))
	assert.Equal(t, code, again.Code(), "the students' commands still work")
	assert.Equal(t, "key", again.TeacherKey("another"), "the teacher's address still works")
	assert.NotContains(t, jsonOf(t, again.TeacherView()), `"key"`)
	for _, ticket := range []string{ann, bob} {
		before, err := r.StudentView(ticket)
		require.NoError(t, err)
		after, err := again.StudentView(ticket)
		require.NoError(t, err)
		assert.Equal(t, jsonOf(t, before), jsonOf(t, after))
	}
	assert.Equal(t, jsonOf(t, r.Marks()[0].Tries), jsonOf(t, again.Marks()[0].Tries))
	before, after := r.WatcherView(), again.WatcherView()
	for i := range before.Board.Students {
		before.Board.Students[i].Seen, after.Board.Students[i].Seen = time.Time{}, time.Time{}
	}
	assert.Equal(t, jsonOf(t, before), jsonOf(t, after))
	require.NoError(t, again.RemoveID(1))
	assert.NotEqual(t, 1, again.WatcherView().Board.Students[0].ID)

	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	assert.ErrorContains(t, newTestRoom().Load(path), "is not the file of a class")
	require.NoError(t, os.WriteFile(path,
		[]byte(`{"version":1,"students":[{"name":"Old","states":{"hold":"done"},"ticket":"t"},{"name":"\u0007"}]}`), 0o600))
	old := newTestRoom()
	require.NoError(t, old.Load(path), "an earlier lab's file")
	v, err := old.StudentView("t")
	require.NoError(t, err)
	assert.Equal(t, exercise.Done, v.Me.States["hold"])
}

func jsonOf(t *testing.T, v any) string {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func TestMarksAsATable(t *testing.T) {
	r := newTestRoom()
	ticket := seat(t, r, `=HYPERLINK("x")`)
	require.NoError(t, r.Report(ticket,
		Progress{Check: &Check{Exercise: "hold", Passed: true}, Current: "cursor"}))
	require.NoError(t, r.Open(colours.ID))
	require.NoError(t, r.Vote(ticket, colours.ID, 1, 1))
	var table strings.Builder
	require.NoError(t, r.WriteCSV(&table))
	text, marked := strings.CutPrefix(table.String(), "\ufeff")
	assert.True(t, marked, "Excel needs the byte order mark")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"name", "group", "solved", "predictions", "right alone",
		"right after talking", "hints", "current", "seen", "cursor", "cursor tries", "hold",
		"hold tries", "flush", "flush tries"}, rows[0])
	assert.Equal(t, `'=HYPERLINK("x")`, rows[1][0], "a spreadsheet must not run it")
	assert.Equal(t, []string{"", "1", "1", "1", "0", "0", "cursor"}, rows[1][1:8])
	assert.Equal(t, []string{"new", "0", "done", "1", "new", "0"}, rows[1][9:])

	require.NoError(t, r.Assign([]string{"hold"}))
	table.Reset()
	require.NoError(t, r.WriteCSV(&table))
	head, _, _ := strings.Cut(table.String(), "\n")
	assert.Contains(t, head, "seen,hold,hold tries,cursor,cursor tries,flush", "today's come first")
}

// TestARehearsal: simulated students join, work at different speed, fail, and vote.
func TestARehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTestRoom()
		ended := make(chan struct{})
		ctx, cancel := contextOf(t)
		go func() { defer close(ended); r.Rehearse(ctx, 30, 3*time.Second, 1, lang.English) }()
		time.Sleep(2 * time.Minute)
		board := r.WatcherView().Board
		require.Len(t, board.Students, 30)
		solved := map[int]bool{}
		for _, s := range board.Students {
			solved[s.Solved] = true
		}
		assert.Greater(t, len(solved), 1, "their speed varies")
		assert.NotEmpty(t, board.Failures)
		require.NoError(t, r.Open(colours.ID))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 30, r.WatcherView().Question.Voted[0])
		require.NoError(t, r.Advance(Counted))
		require.NoError(t, r.Advance(Revoting))
		time.Sleep(2 * time.Minute)
		require.NoError(t, r.Advance(Shifted))
		require.NoError(t, r.Advance(Revealed))
		q := r.WatcherView().Question
		assert.Greater(t, q.Counts[1][1], q.Counts[0][1], "talking helps")
		cancel()
		<-ended
	})
}
