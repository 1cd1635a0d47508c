package exercise

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/tools/txtar"

	"realtimelab/internal/lang"
)

// Why explains in a few sentences of Markdown why the solution is right.
func (e Exercise) Why() (lang.Text, error) {
	english, err := fs.ReadFile(e.files, solutionFolder+"/why.md")
	if err != nil {
		return lang.Text{}, err
	}
	chinese, err := fs.ReadFile(e.files, solutionFolder+"/why.zh.md")
	if err != nil {
		return lang.Text{}, err
	}
	return lang.Text{EN: strings.TrimSpace(string(english)),
		ZH: strings.TrimSpace(string(chinese))}, nil
}

// A Variant is another solution that the lab knows: a right one, or a common wrong one.
type Variant struct {
	Name string // such as off-by-one

	// Says holds words of the message with which the check refuses a wrong variant. It holds
	// several texts if the message depends on chance. For a right variant, it says what is
	// different.
	Says []string

	Changes []Change // to the solution
}

// A Change is a part of the solution that a variant replaces. File is set if it is the whole file.
type Change struct{ File, Old, New string }

// Wrong returns the wrong solutions: each stands for a misconception.
func (e Exercise) Wrong() ([]Variant, error) { return e.variants("wrong") }

// Right returns the right solutions besides Solution.
func (e Exercise) Right() ([]Variant, error) { return e.variants("right") }

func (e Exercise) variants(folder string) (all []Variant, err error) {
	solution, err := e.Solution()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(e.files, folder+"/*.txtar")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(e.files, name)
		if err != nil {
			return nil, err
		}
		archive := txtar.Parse(data)
		v := Variant{Name: strings.TrimSuffix(path.Base(name), ".txtar"),
			Says: strings.Split(strings.TrimSpace(string(archive.Comment)), "\n")}
		for i := 0; i < len(archive.Files); i++ {
			f := archive.Files[i]
			switch {
			case f.Name != "old":
				v.Changes = append(v.Changes, Change{File: f.Name, Old: string(solution[f.Name]),
					New: string(f.Data)})
			case i+1 < len(archive.Files) && archive.Files[i+1].Name == "new":
				i++
				v.Changes = append(v.Changes, Change{Old: string(f.Data),
					New: string(archive.Files[i].Data)})
			default:
				return nil, fmt.Errorf("%s of %s: an old text without its new one", name, e.Name)
			}
		}
		if len(v.Changes) == 0 {
			return nil, fmt.Errorf("%s of %s changes nothing", name, e.Name)
		}
		all = append(all, v)
	}
	return all, nil
}
