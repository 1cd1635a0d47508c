package socketio

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// person is someone who has said a name.
type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maxName bounds a name, in characters.
const maxName = 40

func newPerson(id, name string) person {
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return person{id, name}
}

func byName(people iter.Seq[person]) []person {
	return slices.SortedFunc(people, func(a, b person) int {
		return strings.Compare(a.Name+a.ID, b.Name+b.ID)
	})
}

// people are those who are connected and have said a name.
type people struct {
	tell func([]person)

	mu   sync.Mutex // held while tell runs, so that what is told last is true
	byID map[string]person
}

// newPeople returns nobody yet. tell is called with everyone, sorted by name,
// after each change. It must not block.
func newPeople(tell func([]person)) *people {
	return &people{tell: tell, byID: map[string]person{}}
}

func (p *people) add(id, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[id] = newPerson(id, name)
	p.tell(byName(maps.Values(p.byID)))
}

func (p *people) remove(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
	p.tell(byName(maps.Values(p.byID)))
}
