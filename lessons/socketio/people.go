package socketio

import (
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

// people are those who are connected and have said a name.
type people struct {
	mu   sync.Mutex
	byID map[string]person
}

// maxName bounds a name, in characters.
const maxName = 40

func newPeople() *people { return &people{byID: map[string]person{}} }

// add returns all people, sorted by name.
func (p *people) add(id, name string) []person {
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[id] = person{id, name}
	return p.sorted()
}

func (p *people) remove(id string) []person {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
	return p.sorted()
}

func (p *people) sorted() []person {
	return slices.SortedFunc(maps.Values(p.byID), func(a, b person) int {
		return strings.Compare(a.Name+a.ID, b.Name+b.ID)
	})
}
