package login

import (
	"errors"
	"sync"
	"time"
)

// tickets holds the unused tickets. A ticket is worth nothing after its first use, or
// after its life, so that it does no harm in an access log.
type tickets struct {
	life time.Duration

	mu   sync.Mutex // guards open
	open map[string]ticket
}

type ticket struct {
	session *session
	expires time.Time
}

func newTickets(life time.Duration) *tickets {
	return &tickets{life: life, open: map[string]ticket{}}
}

// maxTickets bounds the unused tickets.
const maxTickets = 10_000

// issue makes a ticket of the session, and removes expired tickets.
func (t *tickets) issue(s *session) (id string, expires time.Time, err error) {
	id, expires = randomID(), time.Now().Add(t.life)
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, old := range t.open {
		if time.Now().After(old.expires) || old.session.ctx.Err() != nil {
			delete(t.open, id)
		}
	}
	if len(t.open) >= maxTickets {
		return "", expires, errors.New("too many tickets are open: try again in a moment")
	}
	t.open[id] = ticket{s, expires}
	return id, expires, nil
}

var errTicket = errors.New("the ticket is unknown, used or too old")

// use returns the session of a ticket and forgets the ticket. Of two uses at the same time one gets
// the session.
func (t *tickets) use(id string) (*session, error) {
	t.mu.Lock()
	found, ok := t.open[id]
	delete(t.open, id)
	t.mu.Unlock()
	if !ok || !time.Now().Before(found.expires) || found.session.ctx.Err() != nil {
		return nil, errTicket
	}
	return found.session, nil
}
