package slow

import "fmt"

// A change is a request to change the demo for everyone. Missing fields leave it as it is.
type change struct {
	Policy *Policy `json:"policy"`
	// bytes a second of the slow client; 0 stops it, -1 means unlimited
	Reading *int     `json:"reading"`
	Rate    *float64 `json:"rate"` // messages a second
}

// apply makes the change, or returns an error that says why it cannot.
func (d *demo) apply(c change) error {
	switch {
	case c.Policy != nil && policies[*c.Policy] == nil:
		return fmt.Errorf("policy %q: want block, grow, drop or disconnect", *c.Policy)
	case c.Reading != nil && (*c.Reading < unlimited || *c.Reading > maxReading):
		return fmt.Errorf("reading %d: want 0 to %d bytes a second, or -1 for no limit", *c.Reading,
			maxReading)
	case c.Rate != nil && !(*c.Rate >= minRate && *c.Rate <= maxRate):
		return fmt.Errorf("rate %g: want %d to %d messages a second", *c.Rate, minRate, maxRate)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.Policy != nil || c.Rate != nil {
		policy, rate := d.hub.settings()
		if c.Policy != nil {
			policy = *c.Policy
		}
		if c.Rate != nil {
			rate = *c.Rate
		}
		d.hub.set(policy, rate)
	}
	if c.Reading != nil {
		d.reading = *c.Reading
		d.slow.pace.set(*c.Reading)
	}
	for v := range d.viewers {
		v.Wake()
	}
	return nil
}
