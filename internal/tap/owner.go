package tap

// shared marks connections that several owners have claimed.
var shared = new(string)

// Owner returns the owner of the connection and whether anyone has claimed it. The owner is empty
// if several have.
func (p *Peer) Owner() (owner string, claimed bool) {
	if owner := p.owner.Load(); owner != nil {
		return *owner, true
	}
	return "", false
}

// Claim records that the connection carries traffic of owner, and adds n to its claims, in a unit
// that the caller chooses. An empty owner claims nothing, but adds n. A connection that two owners
// claim has no single owner.
func (c *Conn) Claim(owner string, n int64) {
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.claims += n
	if owner == "" {
		return
	}
	switch had := c.peer.owner.Load(); {
	case had == nil:
		c.peer.owner.Store(&owner)
		c.tap.claimed.Add(1)
	case *had != owner:
		c.peer.owner.Store(shared)
	}
}

// Claimed returns the number of connections claimed so far.
func (t *Tap) Claimed() int64 { return t.claimed.Load() }

// A Tally sums up one owner's connections: those open now, and those closed since the Tally began.
type Tally struct {
	tap    *Tap
	owner  string
	users  int
	closed OwnCounters // guarded by tap.mu
}

// OwnCounters counts the bytes, connections and claims of one owner.
type OwnCounters struct {
	In, Out int64
	Open    int
	Total   int64
	Claims  int64
}

// Tally returns a Tally of an owner. Several calls for one owner share a Tally, and each must be
// matched by a Close.
func (t *Tap) Tally(owner string) *Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	tally := t.tallies[owner]
	if tally == nil {
		tally = &Tally{tap: t, owner: owner}
		t.tallies[owner] = tally
	}
	tally.users++
	return tally
}

// Counters returns the sums so far.
func (t *Tally) Counters() OwnCounters {
	t.tap.mu.Lock()
	defer t.tap.mu.Unlock()
	sum := t.closed
	for c := range t.tap.open {
		if owner, _ := c.peer.Owner(); owner == t.owner && c.counts() {
			sum.add(c)
			sum.Open++
		}
	}
	return sum
}

// Close releases one use of the Tally.
func (t *Tally) Close() {
	t.tap.mu.Lock()
	defer t.tap.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(t.tap.tallies, t.owner)
	}
}

func (n *OwnCounters) add(c *Conn) {
	n.In += c.passed[In]
	n.Out += c.passed[Out]
	n.Total++
	n.Claims += c.claims
}

// settle adds a closed connection to its owner's tally. The caller holds t.mu.
func (t *Tap) settle(c *Conn) {
	owner, _ := c.peer.Owner()
	if tally := t.tallies[owner]; tally != nil && c.counts() {
		tally.closed.add(c)
	}
}
