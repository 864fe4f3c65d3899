// Package record is what was used, one closed interval a record: a CloudEvent on a line of
// JSON, written once or more and known by source and id, from which bills can be made
// later. Amounts are raw; prices are none of its business.
package record
