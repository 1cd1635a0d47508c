package command

import (
	"encoding/json"
	"strings"
)

// Known holds names that completion offers.
type Known struct {
	Events     []string
	Namespaces []string
}

// Complete returns the lines that the beginning of a line may become: with a verb completed, or the
// name of an event or a namespace.
func (p Parser) Complete(line string, known Known) (lines []string) {
	name, rest, named := strings.Cut(line, " ")
	for _, v := range p.Verbs() {
		if !named {
			if strings.HasPrefix(v.Name, line) && line != "" {
				lines = append(lines, v.Name)
			}
			continue
		}
		if v.Name != name {
			continue
		}
		var candidates []string
		begin := name + " "
		switch {
		case name == "wait" || name == "expect" || name == "never":
			candidates = quoteNames(known.Events)
			namespace, event, found := strings.Cut(rest, " ")
			if found && strings.HasPrefix(namespace, "/") {
				begin, rest = begin+namespace+" ", event
			} else {
				candidates = append(candidates, known.Namespaces...)
			}
		case v.names:
			candidates = quoteNames(known.Events)
		case name == "join" || name == "leave":
			candidates = known.Namespaces
		case name == "help":
			candidates = p.names()
		}
		for _, candidate := range candidates {
			if strings.HasPrefix(candidate, rest) || strings.HasPrefix(candidate, `"`+rest) {
				lines = append(lines, begin+candidate)
			}
		}
	}
	return lines
}

// QuoteName returns the name of an event as a command holds it: in quotes where it must have them.
func QuoteName(name string) string {
	plain := name != "" && name[0] != '/' && !strings.ContainsAny(name, " \t\"'#") &&
		strings.IndexFunc(name, func(r rune) bool {
			return r < ' '
		}) < 0
	if plain {
		return name
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return name
	}
	return string(quoted)
}

func quoteNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = QuoteName(name)
	}
	return quoted
}
