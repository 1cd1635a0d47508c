package workspace

import (
	"fmt"
	"strings"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// Advice lists what a student can do after a check.
type Advice struct {
	Solved bool

	// Next is the exercise after a solved one, nil if all are solved.
	Next *exercise.Exercise
}

// Advise returns the advice after the report r, for a student who does the exercises that f
// selects.
func (w *Workspace) Advise(r exercise.Report, f exercise.Filter) Advice {
	a := Advice{Solved: r.Passed}
	if next, more := w.Next(f); more && r.Passed {
		a.Next = &next
	}
	return a
}

// Moves holds the commands or keys of an interface, as its user types them.
type Moves struct{ Hint, Solution, Next string }

// Render returns the advice as lines of text, with the moves of the interface.
func (a Advice) Render(language lang.Lang, m Moves) string {
	if !a.Solved {
		return fmt.Sprintf(language.Say("Stuck? Take a hint: %s\n", "卡住了？看看提示：%s\n"),
			m.Hint)
	}
	var b strings.Builder
	fmt.Fprintf(&b, language.Say("Our solution: %s\n", "我们的写法：%s\n"), m.Solution)
	if a.Next == nil {
		b.WriteString(AllSolved.In(language) + "\n")
		return b.String()
	}
	fmt.Fprintf(&b, language.Say("Next: %s, %s (%s)\n", "下一个：%s，%s（%s）\n"), a.Next.Name,
		a.Next.Title.In(language), m.Next)
	if why := a.Next.Reason.In(language); why != "" {
		b.WriteString("  " + why + "\n")
	}
	return b.String()
}

// AllSolved says that no exercise is left.
var AllSolved = lang.Text{EN: "All exercises are solved.", ZH: "所有练习都完成了。"}
