package pages

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// TestReportAccessibility holds the page of `lab compare --report` against axe-core, in both languages, light and dark, on a laptop
// and on a phone. Its figures are those of README.
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
		require.NoError(t, document.HTML(&page, language))
		path := filepath.Join(t.TempDir(), "report.html")
		require.NoError(t, os.WriteFile(path, page.Bytes(), 0o644))
		tab := browser.Tab(t)
		tab.Open("file://" + path)
		labtest.Eval[bool](tab, axe)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 390} {
				tab.ColorScheme(scheme)
				tab.Viewport(width, 800)
				labtest.Eval[bool](tab, drawn)
				assert.Empty(t, labtest.Eval[[]string](tab, violations), "%s, %d px", scheme, width)
				assert.LessOrEqual(t, labtest.Eval[int64](tab, `document.documentElement.scrollWidth`), width)
				tab.Screenshot("report-" + string(language) + "-" + scheme)
			}
		}
	}
}
