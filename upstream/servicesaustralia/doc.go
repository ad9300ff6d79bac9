// Package servicesaustralia reads the Support at Home part of Services Australia's Aged Care API and answers in care's types. Lists
// are read completely or not at all; what is odd about a record is a warning beside it, and a record without the field that
// identifies it fails the read (R5, R8). Nothing is ever written there (R4).
package servicesaustralia
