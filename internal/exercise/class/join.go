package class

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
)

// A Joining asks for a seat.
type Joining struct {
	Name     string // empty asks for a generated name
	Code     string // the join code
	Ticket   string // of the same seat, from an earlier Join
	SeatCode string // of the student's own seat, which another device has taken before
	Lang     lang.Lang
	Addr     string // of the client; empty does not count toward maxFromAddr
	Claim    bool   // ask the teacher for the seat if the name is taken
}

// A Seating is the answer to a Joining.
type Seating struct {
	Name   string `json:"name"`
	Ticket string `json:"ticket,omitempty"`
	// the seat is taken: the teacher decides about this claim
	Claim string `json:"claim,omitempty"`
}

// maxFromAddr bounds the students from one address. A whole school may share one.
const maxFromAddr = 60

// Join gives a student a seat. Without the join code it takes a ticket of an earlier Join, or the
// seat code that the student's class page shows.
func (r *Room) Join(j Joining) (got Seating, err error) {
	err = r.change(func() error {
		got, err = r.join(j)
		return err
	})
	return got, err
}

func (r *Room) join(j Joining) (Seating, error) {
	now := r.now()
	if one := r.seats.byTicket(j.Ticket); one != nil &&
		(j.Name == "" || strings.EqualFold(one.Name, strings.Join(strings.Fields(j.Name), " "))) {
		one.Seen = now
		return Seating{Name: one.Name, Ticket: one.Ticket}, nil
	}
	if code := strings.ToLower(strings.TrimSpace(j.SeatCode)); code != "" {
		one := find(r.seats.all, func(one *student) bool { return same(one.SeatCode, code) })
		if one == nil {
			return Seating{}, ErrSeatCode
		}
		one.Seen = now
		return Seating{Name: one.Name, Ticket: one.Ticket}, nil
	}
	name := ""
	if strings.TrimSpace(j.Name) != "" {
		var err error
		if name, err = cleanName(j.Name); err != nil {
			return Seating{}, err
		}
	}
	switch taken := r.seats.byName(name); {
	case !strings.EqualFold(strings.TrimSpace(j.Code), r.code):
		return Seating{}, ErrCode
	case r.closed:
		return Seating{}, ErrClosed
	case taken != nil && j.Claim:
		return r.claim(taken, now)
	case taken != nil:
		return Seating{}, ErrTaken
	case len(r.seats.all) >= MaxStudents, j.Addr != "" && r.seats.fromAddr(j.Addr) >= maxFromAddr:
		return Seating{}, ErrFull
	}
	one := r.seats.add(name, j.Lang, now)
	one.addr = j.Addr
	if r.groups > 0 {
		one.Group = r.seats.smallestGroup(r.groups)
	}
	return Seating{Name: one.Name, Ticket: one.Ticket}, nil
}

// claim asks the teacher for a seat that is taken.
func (r *Room) claim(taken *student, now time.Time) (Seating, error) {
	if len(r.seats.pending(now)) >= maxClaims {
		return Seating{}, ErrClaims
	}
	c := &claim{ID: rand.Text(), Student: taken.ID, At: now}
	r.seats.claims = append(r.seats.claims, c)
	return Seating{Name: taken.Name, Claim: c.ID}, nil
}

// Claimed returns the ticket for a granted claim. The ticket is empty while the teacher has not
// decided. The error is ErrTaken if the teacher refused, or after 15 minutes.
func (r *Room) Claimed(id string) (Seating, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seats.pending(r.now())
	c := find(r.seats.claims, func(c *claim) bool { return id != "" && same(c.ID, id) })
	if c == nil {
		return Seating{}, ErrTaken
	}
	one := r.seats.byID(c.Student)
	if one == nil {
		return Seating{}, ErrTaken
	}
	if !c.Granted {
		return Seating{Name: one.Name, Claim: c.ID}, nil
	}
	return Seating{Name: one.Name, Ticket: one.Ticket}, nil
}

// Decide grants or refuses a claim. A granted one renews the seat, so that the old device loses it.
func (r *Room) Decide(id string, grant bool) error {
	return r.change(func() error {
		c := find(r.seats.pending(r.now()), func(c *claim) bool { return c.ID == id })
		if c == nil {
			return ErrAction
		}
		if !grant {
			r.seats.claims = slices.DeleteFunc(r.seats.claims, func(other *claim) bool {
				return other == c
			})
			return nil
		}
		c.Granted = true
		if one := r.seats.byID(c.Student); one != nil {
			one.renew()
		}
		return nil
	})
}

// Remove removes the student with this name. Without such a student, the name is a pattern such as
// "x*", and Remove removes every student whose name matches. Their devices do not rejoin
// automatically, and their names become free. It returns the names.
func (r *Room) Remove(name string) (names []string) {
	name = strings.Join(strings.Fields(name), " ")
	_ = r.change(func() error {
		one := r.seats.byName(name)
		names = r.seats.remove(func(s *student) bool {
			if one != nil {
				return s == one
			}
			return pattern(name, s.Name)
		})
		if len(names) == 0 {
			return ErrAction
		}
		return nil
	})
	return names
}

// RemoveID removes one student.
func (r *Room) RemoveID(id int) error {
	return r.change(func() error {
		if len(r.seats.remove(func(s *student) bool { return s.ID == id })) == 0 {
			return ErrAction
		}
		return nil
	})
}

// Rename gives a student another name.
func (r *Room) Rename(id int, name string) error {
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	return r.change(func() error {
		one, other := r.seats.byID(id), r.seats.byName(name)
		switch {
		case one == nil:
			return ErrAction
		case other != nil && other != one:
			return ErrTaken
		}
		one.Name = name
		return nil
	})
}

// Leave removes the student with this ticket, who may join again.
func (r *Room) Leave(ticket string) error {
	return r.change(func() error {
		one := r.seats.byTicket(ticket)
		if one == nil {
			return ErrUnknown
		}
		r.seats.remove(func(s *student) bool { return s == one })
		delete(r.seats.removed, ticket)
		return nil
	})
}

// student returns the student with the ticket and notes the visit. The caller holds r.mu.
func (r *Room) student(ticket string) (*student, error) {
	one := r.seats.byTicket(ticket)
	switch {
	case one != nil:
		one.Seen = r.now()
		return one, nil
	case r.seats.removed[ticket]:
		return nil, ErrRemoved
	}
	return nil, ErrUnknown
}

// Seen reports whether the ticket is that of a student, and notes the visit.
func (r *Room) Seen(ticket string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.student(ticket)
	return err == nil
}

// presence is the time without a request after which a student counts as away.
const presence = 2 * time.Minute
