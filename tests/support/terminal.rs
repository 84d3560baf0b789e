//! A pseudo-terminal that a program runs on, and that a test types into and closes.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::process::text;

/// A terminal. Its user is whoever holds the value; dropping it hangs up.
pub(crate) struct Terminal {
    master: Arc<File>,
    printed: Arc<Mutex<Vec<u8>>>,
    is_over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts a command on a terminal of its own. It must make the terminal its controlling one: `setsid --ctty`.
    pub(crate) fn start(command: &mut Command) -> (Self, Child) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let noctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let slave = || {
            Stdio::from(OpenOptions::new().read(true).write(true).custom_flags(noctty).open(&name).unwrap())
        };
        let child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
        // The command would hold the terminal open.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut terminal = Self {
            master: Arc::new(File::from(master)),
            printed: Arc::default(),
            is_over: Arc::default(),
            reader: None,
        };
        terminal.reader = Some(terminal.read());
        (terminal, child)
    }

    /// Reads what is printed, so that no program waits for it to be read.
    fn read(&self) -> JoinHandle<()> {
        let (master, printed, is_over) =
            (Arc::clone(&self.master), Arc::clone(&self.printed), Arc::clone(&self.is_over));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while !is_over.load(Ordering::Relaxed) {
                match (&*master).read(&mut bytes) {
                    Ok(count) => printed.lock().unwrap().extend(&bytes[..count]),
                    // Nothing is there, or no program has it open, not yet or not any more.
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        })
    }

    /// Types.
    pub(crate) fn write(&self, words: &str) {
        (&*self.master).write_all(words.as_bytes()).unwrap();
    }

    /// What was printed so far.
    pub(crate) fn printed(&self) -> String {
        text(&self.printed.lock().unwrap())
    }

    /// Waits until something was printed.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) {
        let begun = Instant::now();
        while !self.printed().contains(words) {
            assert!(begun.elapsed() < Duration::from_secs(30), "no `{words}` in:\n{}", self.printed());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The reader holds the terminal open as well.
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
