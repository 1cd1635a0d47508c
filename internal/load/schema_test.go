package load

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fill sets all fields of a value, and gives each slice one element.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Now()))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	}
}

// validate holds a report against the schema.
func validate(t *testing.T, r *Report) error {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("report.schema.json", schema))
	compiled, err := c.Compile("report.schema.json")
	require.NoError(t, err)
	data, err := json.Marshal(r)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	require.NoError(t, err)
	return compiled.Validate(value)
}

// filled returns a report with all fields, whose names fit the schema.
func filled() *Report {
	r := &Report{}
	fill(reflect.ValueOf(r).Elem())
	r.Version = schemaVersion
	r.Config.As, r.Config.Profile, r.Config.Receivers, r.Config.EIO = SSE, Slow, All, 4
	r.Failures[0].Phase, r.Slices[0].Phase = phaseConnect, "measure"
	return r
}

func TestJSONIsWhatTheSchemaSays(t *testing.T) {
	require.NoError(t, validate(t, filled()))
	for name, spoil := range map[string]func(*Report){
		"version":  func(r *Report) { r.Version++ },
		"protocol": func(r *Report) { r.Config.As = "smtp" },
		"phase":    func(r *Report) { r.Failures[0].Phase = "lunch" },
		"count":    func(r *Report) { r.Clients.Held = -1 },
	} {
		r := filled()
		spoil(r)
		assert.Error(t, validate(t, r), name)
	}
	for _, profile := range []string{Idle, Emit, Storm} {
		_, url := serveSocketIO(t)
		c := small(url, profile)
		if profile == Emit {
			c.Event = "question"
		} else {
			c.Rate = 0
		}
		assert.NoError(t, validate(t, put(t, c)), profile)
	}
}

// The schema names exactly the properties of a report.
func TestSchemaNamesEveryProperty(t *testing.T) {
	var schema, report any
	require.NoError(t, json.Unmarshal([]byte(Schema), &schema))
	data, err := json.Marshal(filled())
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &report))
	defs := schema.(map[string]any)["$defs"].(map[string]any)
	var compare func(at string, schema map[string]any, value any)
	compare = func(at string, schema map[string]any, value any) {
		if name, ok := schema["$ref"].(string); ok {
			schema = defs[strings.TrimPrefix(name, "#/$defs/")].(map[string]any)
		}
		switch value := value.(type) {
		case []any:
			compare(at+"[]", schema["items"].(map[string]any), value[0])
		case map[string]any:
			properties := schema["properties"].(map[string]any)
			assert.ElementsMatch(t, slices.Collect(maps.Keys(value)),
				slices.Collect(maps.Keys(properties)), at)
			for name, one := range value {
				if known, ok := properties[name].(map[string]any); ok {
					compare(at+"."+name, known, one)
				}
			}
		}
	}
	compare("report", schema.(map[string]any), report)
}
