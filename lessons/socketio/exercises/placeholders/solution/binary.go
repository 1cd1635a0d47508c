// Package placeholders takes bytes out of JSON values, and puts them back.
package placeholders

import (
	"errors"
	"math"
)

// ErrPlaceholder says that a placeholder names no attachment.
var ErrPlaceholder = errors.New("a placeholder without its attachment")

// Extract returns a copy of the value with a placeholder for each []byte, and the bytes in the
// order of their numbers.
func Extract(value any) (any, [][]byte) {
	var attachments [][]byte
	return extract(value, &attachments), attachments
}

func extract(value any, attachments *[][]byte) any {
	switch v := value.(type) {
	case []byte:
		num := len(*attachments)
		*attachments = append(*attachments, v)
		return map[string]any{"_placeholder": true, "num": float64(num)}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = extract(v[i], attachments)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = extract(v[key], attachments)
		}
		return object
	}
	return value
}

// Restore returns a copy of the value with the attachments in the place of their placeholders.
func Restore(value any, attachments [][]byte) (any, error) {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = Restore(v[i], attachments); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		if v["_placeholder"] == true {
			return attachment(v["num"], attachments)
		}
		object := make(map[string]any, len(v))
		for key := range v {
			var err error
			if object[key], err = Restore(v[key], attachments); err != nil {
				return nil, err
			}
		}
		return object, nil
	}
	return value, nil
}

func attachment(num any, attachments [][]byte) (any, error) {
	n, ok := num.(float64)
	if !ok || n != math.Trunc(n) || n < 0 || n >= float64(len(attachments)) {
		return nil, ErrPlaceholder
	}
	return attachments[int(n)], nil
}
