package webhooks

import (
	"bytes"
	"encoding/json"
)

// split cuts a JSON object into its members without copying or parsing their values.
// The data must be valid JSON in UTF-8; of anything but an object, and of an object with a key
// given twice, it says no. A review is scanned once for validity and then only cut:
// parsing every level anew costs more than deciding.
func split(data []byte) (map[string]json.RawMessage, bool) {
	i := space(data, 0)
	if i == len(data) || data[i] != '{' {
		return nil, false
	}
	members := make(map[string]json.RawMessage, min(16, len(data)/16))
	for i = space(data, i+1); data[i] != '}'; i = space(data, i) {
		if data[i] == ',' {
			i = space(data, i+1)
		}
		end := skip(data, i)
		key, ok := name(data[i:end])
		if _, again := members[key]; again || !ok {
			return nil, false
		}
		// Past the colon between them.
		start := space(data, space(data, end)+1)
		i = skip(data, start)
		members[key] = data[start:i:i]
	}
	return members, true
}

// name reads a member's key.
func name(quoted []byte) (string, bool) {
	if !bytes.ContainsRune(quoted, '\\') {
		return string(quoted[1 : len(quoted)-1]), true
	}
	var key string
	err := json.Unmarshal(quoted, &key)
	return key, err == nil
}

// space is the index of the next byte that is not white space.
func space(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// skip is the index behind the value that begins at i.
func skip(data []byte, i int) int {
	depth := 0
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = closing(data, i)
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				// The end of what holds a number or a word.
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// closing is the index of the quote that ends the string beginning at i.
func closing(data []byte, i int) int {
	for i++; ; i++ {
		next := bytes.IndexByte(data[i:], '"')
		end := i + next
		escapes := 0
		for end-1-escapes >= i && data[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end
		}
		i = end
	}
}

// plainText is what a string holds that is written without escapes; false for anything else.
func plainText(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return "", false
	}
	return string(value[1 : len(value)-1]), true
}

// plainList are the members of a list of such strings; false for anything else.
func plainList(value []byte) ([]string, bool) {
	if value[0] != '[' {
		return nil, false
	}
	list := []string{}
	for i := space(value, 1); value[i] != ']'; i = space(value, i) {
		if value[i] == ',' {
			i = space(value, i+1)
		}
		end := skip(value, i)
		text, plain := plainText(value[i:end])
		if !plain {
			return nil, false
		}
		list = append(list, text)
		i = end
	}
	return list, true
}
