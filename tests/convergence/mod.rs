//! Running a script again changes nothing, whatever came and went meanwhile.

mod histories;
mod ownership;
mod shipped;
mod world;
