package pages

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// TestReportAccessibility checks the page of `lab compare --report` with axe-core, in both
// languages, light or dark, on a laptop and on a phone. It has the figures of README.
func TestReportAccessibility(t *testing.T) {
	axe := axe(t)
	var document *compare.Document
	for _, name := range []string{"feed", "3g", "idle"} {
		file, err := os.Open(filepath.Join("../../../docs/figures", name+".json"))
		require.NoError(t, err)
		d, err := compare.ReadDocument(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		if document == nil {
			document = d
		} else {
			document.Parts = append(document.Parts, d.Parts...)
		}
	}
	browser := labtest.NewBrowser(t)
	for _, language := range lang.All {
		var page bytes.Buffer
		require.NoError(t, document.HTML(&page, language, lessons.All()))
		path := filepath.Join(t.TempDir(), "report.html")
		require.NoError(t, os.WriteFile(path, page.Bytes(), 0o644))
		tab := browser.Tab(t)
		tab.Open("file://" + path)
		labtest.Eval[bool](tab, axe)
		for i, width := range []int64{1280, 390} {
			scheme := schemeIn(language, i)
			tab.ColorScheme(scheme)
			tab.Viewport(width, 800)
			labtest.Eval[bool](tab, drawn)
			assert.Empty(t, labtest.Eval[[]string](tab, violations), "%s, %d px", scheme, width)
			assert.LessOrEqual(t, labtest.Eval[int64](tab, `document.documentElement.scrollWidth`),
				width)
			tab.Screenshot(fmt.Sprintf("report-%s-%s-%d", language, scheme, width))
		}
	}
}
