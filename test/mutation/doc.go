// Command mutation breaks each built-in rule in turn, at the level of its syntax tree: it
// drops a rule's body, drops a condition, or turns a condition round. The rule's own tests
// and examples must notice. The libraries that rules share are broken too, and their own
// tests must notice. It prints the score and the breaks that nobody noticed, and
// fails below 95 %:
//
//	make mutation
package main
