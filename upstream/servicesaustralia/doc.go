// Package servicesaustralia reads the Support at Home part of Services Australia's Aged Care API and answers in care's types. Lists
// are read to their end or not at all; what is odd about a record is a warning beside it. A record without the field that identifies it is
// left out of its list, which then counts as incomplete (R5, R6); only what identifies the person fails the read (R8). Nothing is ever
// written there (R4).
package servicesaustralia
