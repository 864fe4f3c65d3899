// Package attacks is what a hostile tenant tries, as data: each case is an honest object,
// what makes it hostile, who tries it and who must deny it. The suite sends every case by
// every route that the API server has for it, and looks afterwards at what is stored.
//
//	make attacks        every route of every case, as a table
//	make test-attacks   every case, a few routes of each
package attacks
