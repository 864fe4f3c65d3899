package webhooks

import (
	"bytes"
	"encoding/json"
)

// members are those of a JSON object, in its order. An AdmissionRequest has few: to go through
// them costs less than a map of them.
type members []member

type member struct {
	key   []byte
	value json.RawMessage
}

// fewMembers is up to how many keys are compared with each other; among more, a map finds one that
// is given twice.
const fewMembers = 32

// get gives a member's value by its key.
func (m members) get(name string) (json.RawMessage, bool) {
	for i := range m {
		if string(m[i].key) == name {
			return m[i].value, true
		}
	}
	return nil, false
}

// doubled reports whether a key is given twice, in linear time however many there are.
func (m members) doubled() bool {
	if len(m) > fewMembers {
		keys := make(map[string]struct{}, len(m))
		for i := range m {
			keys[string(m[i].key)] = struct{}{}
		}
		return len(keys) < len(m)
	}
	for i := range m {
		for _, before := range m[:i] {
			if bytes.Equal(before.key, m[i].key) {
				return true
			}
		}
	}
	return false
}

// split cuts a JSON object into its members without copying or parsing their values.
// The data must be valid JSON in UTF-8; of anything but an object, and of an object with a key
// given twice, it says no. A review is scanned once for validity and then only cut:
// parsing every level anew costs more than deciding. The members are put into room, as many as it
// holds.
func split(data []byte, room members) (members, bool) {
	i := space(data, 0)
	if i == len(data) || data[i] != '{' {
		return nil, false
	}
	found := room
	for i = space(data, i+1); data[i] != '}'; i = space(data, i) {
		if data[i] == ',' {
			i = space(data, i+1)
		}
		end := skip(data, i)
		key, ok := name(data[i:end])
		if !ok {
			return nil, false
		}
		// Past the colon between them.
		start := space(data, space(data, end)+1)
		i = skip(data, start)
		found = append(found, member{key, data[start:i:i]})
	}
	return found, !found.doubled()
}

// name reads a member's key.
func name(quoted []byte) ([]byte, bool) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	var key string
	err := json.Unmarshal(quoted, &key)
	return []byte(key), err == nil
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

// plainLists are the lists of such strings that an object has; false for anything else.
func plainLists(value []byte) (map[string][]string, bool) {
	var room [4]member
	each, ok := split(value, room[:0])
	if !ok {
		return nil, false
	}
	lists := make(map[string][]string, len(each))
	for _, m := range each {
		list, plain := plainList(m.value)
		if !plain {
			return nil, false
		}
		lists[string(m.key)] = list
	}
	return lists, true
}
