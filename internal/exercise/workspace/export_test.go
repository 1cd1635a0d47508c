package workspace

import "time"

// SetLimit bounds the checks of w, instead of 5 s.
func (w *Workspace) SetLimit(limit time.Duration) { w.limit = limit }
