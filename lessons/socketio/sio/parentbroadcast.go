package sio

// ParentBroadcast is a choice of sockets in each child of a ParentNamespace, and
// how to send to them. Its methods are those of Broadcast.
type ParentBroadcast struct {
	parent *ParentNamespace
	choice Broadcast // of no namespace
}

// To is Broadcast.To.
func (b ParentBroadcast) To(rooms ...string) ParentBroadcast {
	b.choice = b.choice.To(rooms...)
	return b
}

// In is another name for To.
func (b ParentBroadcast) In(rooms ...string) ParentBroadcast { return b.To(rooms...) }

// Except is Broadcast.Except.
func (b ParentBroadcast) Except(rooms ...string) ParentBroadcast {
	b.choice = b.choice.Except(rooms...)
	return b
}

// Volatile is Broadcast.Volatile.
func (b ParentBroadcast) Volatile() ParentBroadcast {
	b.choice = b.choice.Volatile()
	return b
}

// Compress is Broadcast.Compress.
func (b ParentBroadcast) Compress(compress bool) ParentBroadcast {
	b.choice = b.choice.Compress(compress)
	return b
}

// Local is Broadcast.Local.
func (b ParentBroadcast) Local() ParentBroadcast {
	b.choice = b.choice.Local()
	return b
}

// Emit is Broadcast.Emit in every child that there is now.
func (b ParentBroadcast) Emit(event string, args ...any) error {
	for _, n := range b.parent.Children() {
		child := b.choice
		child.namespace = n
		if err := child.Emit(event, args...); err != nil {
			return err
		}
	}
	return nil
}

// Send is Emit of the event "message".
func (b ParentBroadcast) Send(args ...any) error { return b.Emit("message", args...) }
