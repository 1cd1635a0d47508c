package compare

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

func TestColumnsAreRowsAgain(t *testing.T) {
	for text, want := range map[string]string{
		`[{"transport":"a","n":{"x":1.50}},{"transport":"b"}]`:               `{"n":{"x":[1.50,null]},"transport":["a","b"]}`,
		`[{"transport":"a"},{"transport":"b","n":{"x":1}}]`:                  `{"n":{"x":[null,1]},"transport":["a","b"]}`,
		`[{"transport":"a","n":[1,null]},{"transport":"b","n":[2,3]}]`:       `{"n":[[1,null],[2,3]],"transport":["a","b"]}`,
		`[{"transport":"a","zero":0,"no":false},{"transport":"b","zero":1}]`: `{"no":[false,null],"transport":["a","b"],"zero":[0,1]}`,
		`[]`: `[]`,
	} {
		packed, err := changeResults([]byte(`{"parts":[{"results":`+text+`}]}`),
			func(r any) (any, error) {
				if all := r.([]any); len(all) > 0 {
					return toColumns(all), nil
				}
				return r, nil
			})
		require.NoError(t, err)
		assert.Equal(t, `{"parts":[{"results":`+want+`}]}`, string(packed))
		again, err := rows(packed)
		require.NoError(t, err)
		assert.JSONEq(t, `{"parts":[{"results":`+text+`}]}`, string(again))
	}
}

// Lanes of one part with different figures keep their own figures.
func TestAPageKeepsEveryLanesFigures(t *testing.T) {
	r := measured()
	r.Results[0].Recovery, r.Results[0].OverTime, r.Results[0].Lossy, r.Results[0].Spread = nil,
		nil, true, Spread{}
	r.Results[1].Packets, r.Results[1].Unmeasured = &Packets{Lost: 3}, []string{latencyP50}
	d := document(r, measured())
	var page bytes.Buffer
	require.NoError(t, d.HTML(&page, lang.English, nil))
	again, err := ReadDocument(strings.NewReader(page.String()))
	require.NoError(t, err)
	assert.Equal(t, d, again)

	rows, err := json.Marshal(d)
	require.NoError(t, err)
	before, after, _ := strings.Cut(page.String(), dataBegins)
	_, after, _ = strings.Cut(after, dataEnds)
	old, err := ReadDocument(strings.NewReader(
		before + dataBegins + string(rows) + dataEnds + after))
	require.NoError(t, err)
	assert.Equal(t, d, old, "a page with the results as rows is read too")
}

func TestAPageWithTooManyLanesIsRefused(t *testing.T) {
	names := `"a"` + strings.Repeat(`,"a"`, maxLanes)
	_, err := ReadDocument(strings.NewReader("<html>" + dataBegins +
		`{"schema_version":1,"parts":[{"results":{"transport":[` + names + `]}}]}` + dataEnds))
	assert.ErrorContains(t, err, "lanes")
}
