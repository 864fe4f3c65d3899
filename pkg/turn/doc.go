// Package turn decides who is served next when more ask than can be served at once.
//
// A processor does one thing at a time. If all who ask begin at once, all finish late, and whoever
// asks most has most of it. Here so many are served as keeps the processors busy; the others
// wait in a line of their own tenant, and the lines take turns. Whoever has waited too long is
// told to come again, before anything was spent on it.
//
// A place is for whoever computes. One who waits for somebody else (a ledger, a live read) gives
// it back first, and one who computes for very long loses it, so that a few that never end keep
// nobody away.
package turn
