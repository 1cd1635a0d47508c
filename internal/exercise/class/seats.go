package class

import (
	"crypto/rand"
	"crypto/subtle"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"realtimelab/internal/lang"
)

const (
	maxRemoved = 10 * MaxStudents // removed tickets that a room remembers
	maxClaims  = 20
	claimTime  = 15 * time.Minute // that a claim waits for the teacher
)

// A student is one seat.
type student struct {
	ID       int       `json:"id"`
	Name     string    `json:"name"`
	Alias    lang.Text `json:"alias"` // shown instead of the name in an anonymous class
	Group    int       `json:"group,omitempty"`
	Ticket   string    `json:"ticket"` // proves that a device belongs to the student
	SeatCode string    `json:"seat_code"`
	Seen     time.Time `json:"seen"` // the student's last request

	work
	Votes []ballot `json:"votes,omitempty"` // on earlier questions

	addr string // of the device that joined
}

// seats holds the students, in the order in which they joined, and the claims to their seats.
type seats struct {
	all     []*student
	lastID  int
	removed map[string]bool // tickets
	claims  []*claim
}

// A claim asks for a seat whose student has lost the ticket, for instance with a laptop that died.
// The teacher grants or refuses it.
type claim struct {
	ID      string
	Student int
	At      time.Time
	Granted bool
}

func newSeats() seats { return seats{removed: map[string]bool{}} }

func (s *seats) byID(id int) *student {
	return find(s.all, func(one *student) bool { return one.ID == id })
}

func (s *seats) byTicket(ticket string) *student {
	return find(s.all, func(one *student) bool { return ticket != "" && same(one.Ticket, ticket) })
}

// byName finds a student. Case makes no difference, nor does the language of a generated name.
func (s *seats) byName(name string) *student {
	return find(s.all, func(one *student) bool {
		return strings.EqualFold(one.Name, name) ||
			one.generated() && (strings.EqualFold(one.Alias.EN, name) || one.Alias.ZH == name)
	})
}

// generated reports whether the student has not chosen a name.
func (one *student) generated() bool { return one.Name == one.Alias.EN || one.Name == one.Alias.ZH }

func find[T any](all []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *seats) fromAddr(addr string) (n int) {
	for _, one := range s.all {
		if one.addr == addr {
			n++
		}
	}
	return n
}

// add seats a student. An empty name means the alias, in the given language.
func (s *seats) add(name string, language lang.Lang, now time.Time) *student {
	alias := newAlias(func(a lang.Text) bool {
		return s.byName(a.EN) != nil || s.byName(a.ZH) != nil ||
			find(s.all, func(one *student) bool { return one.Alias == a }) != nil
	})
	if name == "" {
		name = alias.In(language)
	}
	s.lastID++
	one := &student{ID: s.lastID, Name: name, Alias: alias, Seen: now, work: newWork(now)}
	one.renew()
	s.all = append(s.all, one)
	return one
}

// renew gives the seat a new ticket and a new seat code, which makes the old ones invalid.
func (one *student) renew() { one.Ticket, one.SeatCode = rand.Text(), newSeatCode() }

// remove empties the seats for which is reports true, and returns the names.
func (s *seats) remove(is func(*student) bool) (names []string) {
	s.all = slices.DeleteFunc(s.all, func(one *student) bool {
		if !is(one) {
			return false
		}
		if len(s.removed) >= maxRemoved {
			clear(s.removed)
		}
		s.removed[one.Ticket] = true
		s.claims = slices.DeleteFunc(s.claims, func(c *claim) bool { return c.Student == one.ID })
		names = append(names, one.Name)
		return true
	})
	return names
}

// pending returns the claims that wait for the teacher, and deletes expired claims.
func (s *seats) pending(now time.Time) (claims []*claim) {
	s.claims = slices.DeleteFunc(s.claims, func(c *claim) bool { return now.Sub(c.At) > claimTime })
	for _, c := range s.claims {
		if !c.Granted {
			claims = append(claims, c)
		}
	}
	return claims
}

// smallestGroup returns the group from 1 to n with the fewest students.
func (s *seats) smallestGroup(n int) int {
	sizes := make([]int, n)
	for _, one := range s.all {
		if one.Group >= 1 && one.Group <= n {
			sizes[one.Group-1]++
		}
	}
	return slices.Index(sizes, slices.Min(sizes)) + 1
}

// cleanName returns a name with single spaces, or ErrName.
func cleanName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", ErrName
	}
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > MaxName ||
		strings.ContainsFunc(name, func(r rune) bool {
			return !unicode.IsPrint(r)
		}) {
		return "", ErrName
	}
	return name, nil
}

// pattern reports whether a name matches a pattern such as "x*". Case makes no difference.
func pattern(p, name string) bool {
	ok, err := path.Match(strings.ToLower(p), strings.ToLower(name))
	return ok && err == nil
}
