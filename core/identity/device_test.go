package identity

import (
	"fmt"
	"testing"
	"time"

	"chengshu/kernel/fault"
)

// guess gives wrong passwords until it is locked out.
func (c *city) guess(t *testing.T, cr Credentials, tries int) {
	t.Helper()
	cr.Password = "wrong"
	for range tries {
		_, err := c.SignIn(t.Context(), cr)
		wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
	}
	_, err := c.SignIn(t.Context(), cr)
	wantCode(t, err, fault.Exhausted, "locked-out")
}

// TestOwnerIsNotLockedOut: whoever guesses elsewhere locks neither the account
// nor the address for a browser from which its owner has signed in.
func TestOwnerIsNotLockedOut(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		own := Credentials{Login: "zhang.san", Password: goodPassword, Address: "192.0.2.1"}
		first, err := c.SignIn(t.Context(), own)
		if err != nil {
			t.Fatal(err)
		}
		own.Device = first.Device
		c.guess(t, Credentials{Login: "zhang.san", Address: "198.51.100.7"}, wrongPerAccount)
		for i := range wrongPerAddress { // from the owner's own network too
			_, _ = c.SignIn(t.Context(), Credentials{Login: fmt.Sprintf("nobody%d", i), Password: "wrong", Address: own.Address})
		}
		for name, strange := range map[string]string{"none": "", "made up": newToken(), "cut off": first.Device[1:]} {
			if _, err := c.SignIn(t.Context(), Credentials{Login: own.Login, Password: goodPassword, Address: "203.0.113.9", Device: strange}); fault.Code(err) != "locked-out" {
				t.Errorf("a device's token that is %s: %v", name, err)
			}
		}
		again, err := c.SignIn(t.Context(), own)
		if err != nil {
			t.Fatal("the owner is locked out:", err)
		}
		if again.Device != own.Device {
			t.Error("a device that is known was given another token")
		}
		c.guess(t, own, wrongPerAccount) // a device has no more tries than anybody
		c.clock.Advance(DeviceLife)
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		later, err := c.SignIn(t.Context(), own)
		if err != nil || later.Device == own.Device {
			t.Errorf("the device was not forgotten in time: %v", err)
		}
	})
}

// TestDeviceOfTwo: a browser that two people use knows both, and one account
// has a bounded number of devices.
func TestDeviceOfTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		c.register("li.si")
		sign := func(login, device string) string {
			in, err := c.SignIn(t.Context(), Credentials{Login: login, Password: goodPassword, Address: "192.0.2.1", Device: device})
			if err != nil {
				t.Fatal(err)
			}
			c.clock.Advance(time.Second)
			return in.Device
		}
		shared := sign("zhang.san", "")
		if sign("li.si", shared) != shared {
			t.Error("the second person got another token")
		}
		for range maxDevices {
			sign("zhang.san", "")
		}
		for login, want := range map[string]bool{"zhang.san": false, "li.si": true} {
			if d, err := c.device(t.Context(), shared, login); err != nil || d.knows != want {
				t.Errorf("%s: known %v, %v; want %v", login, d.knows, err, want)
			}
		}
	})
}

// TestProxyOfItsOwn: the machine's own address, which is everybody's behind a
// proxy that runs there, is not locked.
func TestProxyOfItsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		for _, address := range []string{"127.0.0.1:80", "[::1]:80"} {
			for i := range wrongPerAddress + 1 {
				_, err := c.SignIn(t.Context(), Credentials{Login: fmt.Sprintf("nobody%d", i), Password: "wrong", Address: address})
				wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
			}
			if _, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: goodPassword, Address: address}); err != nil {
				t.Error(address, err)
			}
			c.clock.Advance(2 * wrongWindow)
		}
	})
}
