package siopacket

import "bytes"

// splitArray returns the elements of a valid JSON array.
func splitArray(array []byte) []Value {
	var elements []Value
	for at, end := nextElement(array, 0); at < end; at, end = nextElement(array, end) {
		elements = append(elements, Value(array[at:end:end]))
	}
	return elements
}

// firstOf returns the first element of a valid JSON array. It is empty if the array is.
func firstOf(array []byte) Value {
	at, end := nextElement(array, 0)
	return Value(array[at:end])
}

// nextElement finds the element of a valid JSON array that starts at or after
// from: the offset of the opening bracket, or the end of the element before.
func nextElement(array []byte, from int) (at, end int) {
	at = from
	for at < len(array) && bytes.IndexByte([]byte("[, \t\r\n"), array[at]) >= 0 {
		at++
		if array[at-1] == '[' || array[at-1] == ',' {
			break
		}
	}
	for at < len(array) && bytes.IndexByte([]byte(" \t\r\n"), array[at]) >= 0 {
		at++
	}
	if at >= len(array) || array[at] == ']' {
		return at, at
	}
	return at, endOfValue(array, at)
}

// endOfValue returns the offset behind the JSON value that starts at.
func endOfValue(text []byte, at int) int {
	depth := 0
	for ; at < len(text); at++ {
		switch text[at] {
		case '"':
			at = endOfString(text, at)
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return at
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

// endOfString returns the offset of the quote that closes the string at.
func endOfString(text []byte, at int) int {
	for at++; at < len(text) && text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at
}
