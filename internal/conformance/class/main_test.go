// Package class rehearses a whole class: `lab class`, thirty HTTP clients, three browsers and a
// laptop.
package class

import (
	"testing"

	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }
