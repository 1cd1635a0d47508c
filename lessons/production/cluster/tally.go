package cluster

import "sync"

// An account counts events of the ticker that clients received, or did not.
type account struct {
	AtOnce    int `json:"atOnce"`    // received while connected
	Recovered int `json:"recovered"` // missed, and received after the reconnection
	Lost      int `json:"lost"`      // never received, as far as is known
	Twice     int `json:"twice"`     // received again
}

func (a account) plus(b account) account {
	return account{a.AtOnce + b.AtOnce, a.Recovered + b.Recovered, a.Lost + b.Lost,
		a.Twice + b.Twice}
}

// tally makes the account of one client from the numbers that it receives. A number that is left
// out is lost, until it arrives after all.
type tally struct {
	mu      sync.Mutex // guards what follows
	counted account
	from    int // the numbers up to this one came before the account began
	last    int // highest number so far
	missing map[int]bool
}

// maxMissing bounds the numbers that may still arrive.
const maxMissing = 1000

// take counts a number. late says that the client is not connected again yet: the server sends what
// was missed before it confirms the connection.
func (t *tally) take(n int, late bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case n <= t.from:
		return
	case t.last == 0:
		t.missing = map[int]bool{}
	case n > t.last:
		for missing := t.last + 1; missing < n; missing++ {
			t.counted.Lost++
			if len(t.missing) < maxMissing {
				t.missing[missing] = true
			}
		}
	case t.missing[n]:
		delete(t.missing, n)
		t.counted.Lost--
	default:
		t.counted.Twice++
		return
	}
	t.last = max(t.last, n)
	if late {
		t.counted.Recovered++
	} else {
		t.counted.AtOnce++
	}
}

func (t *tally) account() account {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counted
}

// reset begins to count again, after a number: what a client that is away has missed until then is
// not lost.
func (t *tally) reset(from int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counted, t.missing, t.from = account{}, map[int]bool{}, from
	if t.last != 0 { // otherwise its first number is still to come
		t.last = from
	}
}
