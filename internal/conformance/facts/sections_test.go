package facts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/markdown"
	"realtimelab/internal/xray"
	"realtimelab/lessons"
)

// TestSectionsOfTheXray compares the links from the x-ray's fields with the lessons' headings.
func TestSectionsOfTheXray(t *testing.T) {
	sections := map[string]bool{}
	for _, l := range lessons.All() {
		for _, h := range markdown.Parse(l.Body.EN).Headings {
			sections[l.Name+"#"+h.ID] = true
		}
	}
	for _, section := range xray.Sections() {
		name, _, _ := strings.Cut(section, "#")
		assert.True(t, sections[section],
			"lesson %s has no section %s: correct the table topics in internal/xray/links.go", name,
			section)
	}
}
