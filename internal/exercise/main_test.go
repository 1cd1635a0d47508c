package exercise_test

import (
	"testing"

	"realtimelab/internal/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }
