package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A page holds the results of a part as columns, because the names of the fields would be most of
// their JSON:
//
//	[{"a": 1, "b": {"c": 2}}, {"a": 3}]  is  {"a": [1, 3], "b": {"c": [2, null]}}
//
// The script of the page reads them too.

// maxLanes bounds the lanes of a part that is read.
const maxLanes = 1000

// columns returns the JSON of a document with its results as columns.
func (d *Document) columns() ([]byte, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return changeResults(data, func(results any) (any, error) {
		if rows, ok := results.([]any); ok && len(rows) > 0 {
			return toColumns(rows), nil
		}
		return results, nil
	})
}

// toColumns returns an object of columns if all rows are objects, or nil for a field that the
// result does not have. Otherwise it returns the rows.
func toColumns(rows []any) any {
	all := map[string][]any{}
	for i, row := range rows {
		if row == nil {
			continue
		}
		fields, ok := row.(map[string]any)
		if !ok {
			return rows
		}
		for name, value := range fields {
			if all[name] == nil {
				all[name] = make([]any, len(rows))
			}
			all[name][i] = value
		}
	}
	columns := map[string]any{}
	for name, column := range all {
		columns[name] = toColumns(column)
	}
	return columns
}

// rows returns the JSON of a document with its results as rows. JSON that has them so stays as it
// is.
func rows(data []byte) ([]byte, error) {
	return changeResults(data, func(results any) (any, error) {
		columns, ok := results.(map[string]any)
		if !ok {
			return results, nil
		}
		names, _ := columns["transport"].([]any)
		if len(names) > maxLanes {
			return nil, fmt.Errorf("%d lanes in one part; want at most %d", len(names), maxLanes)
		}
		return toRows(columns, len(names)), nil
	})
}

// toRows undoes toColumns. A row without a field is nil.
func toRows(columns any, count int) []any {
	rows := make([]any, count)
	switch columns := columns.(type) {
	case []any:
		copy(rows, columns)
	case map[string]any:
		for name, column := range columns {
			for i, value := range toRows(column, count) {
				if value == nil {
					continue
				}
				if rows[i] == nil {
					rows[i] = map[string]any{}
				}
				rows[i].(map[string]any)[name] = value
			}
		}
	}
	return rows
}

// changeResults replaces the results of each part. The figures keep their text.
func changeResults(data []byte, change func(any) (any, error)) ([]byte, error) {
	var document map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	parts, ok := document["parts"].([]any)
	if !ok {
		return data, nil
	}
	for i := range parts {
		part, ok := parts[i].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("part %d of the report is empty", i+1)
		}
		results, err := change(part["results"])
		if err != nil {
			return nil, err
		}
		part["results"] = results
	}
	return json.Marshal(document)
}
